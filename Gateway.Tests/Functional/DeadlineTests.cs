using System.Globalization;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>Every call has an end: the route's time, or the client's patience.</summary>
[TestFixture]
internal sealed class DeadlineTests : GatewayTest
{
    private const int RouteMilliseconds = 1000;

    protected override Dictionary<string, string?> Settings => new()
    {
        ["ReverseProxy:Routes:user-get-user-info:Timeout"] = "00:00:01",
        ["Gateway:Rpc:DefaultTimeout"] = "00:00:07",
    };

    [Test]
    public async Task SubService_NeverAnswers_TimesOutAndIsGivenUp()
    {
        var held = Service.Hold();

        using var response = await PostAsync(GetUserInfoPath, Alice).DefaultTimeout();

        await AssertFailedAsync(response, "timed-out");
        await held.GivenUp.DefaultTimeout();
        Assert.That(Gateway.Log.Named("CallFailed"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task SubService_NeverEndsItsAnswer_TimesOutAndIsGivenUp()
    {
        var givenUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Service.OnCall = async (context, _) =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(StubSubService.Frame([1, 2, 3]).AsMemory(0, 6));
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            givenUp.SetResult();
        };

        using var response = await PostAsync(GetUserInfoPath, Alice).DefaultTimeout();

        await AssertFailedAsync(response, "timed-out");
        await givenUp.Task.DefaultTimeout();
    }

    [Test]
    public async Task SubService_StopsWithinALargeAnswer_BreaksOffAndIsGivenUp()
    {
        var givenUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Service.OnCall = async (context, _) =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(StubSubService.Frame(new byte[1 << 20]).AsMemory(0, 500_000));
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            givenUp.SetResult();
        };

        Assert.That(() => PostAsync(GetUserInfoPath, Alice).DefaultTimeout(), Throws.InstanceOf<HttpRequestException>());

        await givenUp.Task.DefaultTimeout();
        await Eventually.That(() => Gateway.Log.Named("CallFailed").Count == 1);
        Assert.That(Gateway.Log.Named("CallFailed").Single().Message, Does.Contain("ended as 'timed-out'"));
    }

    [Test]
    public async Task Client_NeverEndsItsRequest_TimesOut()
    {
        var body = Alice.ToByteArray();
        using var client = await RawClient.ConnectAsync(Gateway.Address);

        await client.SendAsync($"POST {GetUserInfoPath} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {body.Length}\r\n\r\n");
        await client.SendAsync(body.AsMemory(0, 4));
        var response = await client.ReadAsync();

        Assert.That(response.Status, Is.EqualTo(200));
        Assert.That(response.Headers["x-gateway-error"], Is.EqualTo("timed-out"));
        Assert.That(Service.Calls, Is.Empty);
    }

    [Test]
    public async Task Client_HangsUp_EndsTheCallToTheSubService()
    {
        var held = Service.Hold();
        using (var client = await RawClient.ConnectAsync(Gateway.Address))
        {
            await client.PostAsync(AnonymousPath, []);
            await held.Arrived.DefaultTimeout();
        }

        await held.GivenUp.DefaultTimeout();
        Assert.That(Gateway.Log.Named("CallFailed"), Is.Empty, "A client that goes away is nobody's failure");
    }

    [Test]
    public async Task SubService_IsTold_HowMuchTimeIsLeft()
    {
        using var ownTime = await PostAsync(GetUserInfoPath, Alice);
        Assert.That(MillisecondsTold(), Is.InRange(1, RouteMilliseconds));

        using var defaultTime = await PostAsync(AnonymousPath, new UserLoginReq());
        Assert.That(MillisecondsTold(), Is.InRange(RouteMilliseconds + 1, 7_000));
    }

    private int MillisecondsTold() =>
        int.Parse(Service.LastCall.Headers["grpc-timeout"].TrimEnd('m'), CultureInfo.InvariantCulture);
}
