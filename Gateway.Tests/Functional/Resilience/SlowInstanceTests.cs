using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>A slow call is not a slow instance.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class SlowInstanceTests : InstancesTest
{
    private const string OrdinaryPath = "/plain";

    protected override Dictionary<string, string?> Settings => new()
    {
        [Metadata + "EjectAfterFailures"] = "1",
        [Metadata + "MaxRetries"] = "0",
        ["ReverseProxy:Routes:user-get-user-info:Timeout"] = "00:00:00.500",
        ["ReverseProxy:Routes:user-set-avatar:Timeout"] = "00:00:00.500",
        ["ReverseProxy:Routes:plain:ClusterId"] = "user",
        ["ReverseProxy:Routes:plain:Match:Path"] = OrdinaryPath,
        ["ReverseProxy:Routes:plain:Timeout"] = "00:00:00.500",
        // Time enough to give the client all that it takes.
        ["ReverseProxy:Routes:user-set-nickname:Timeout"] = "00:00:05",
    };

    [Test]
    public async Task Instance_SilentToEverybody_IsOut()
    {
        Instances[0].Hold();

        Assert.That(await CallAsync(3), Has.Exactly(1).EqualTo("timed-out"));

        await Eventually.That(() => Available == 2);
        Assert.That(Gateway.Log.Named("InstanceEjected").Single().Message, Does.EndWith("as Slow."));
    }

    [Test]
    public async Task Instance_AnswersOthersMeanwhile_Stays()
    {
        var held = new HeldCalls();
        foreach (var instance in Instances)
        {
            instance.OnCall = (context, call) =>
                call.Path.EndsWith("/GetUserInfo", StringComparison.Ordinal) ? held.HoldAsync(context) : StubSubService.AnswerAsync(context, []);
        }

        var slow = CallAsync();
        await held.Arrived.DefaultTimeout();
        Assert.That(await CallAsync(3, WritePath), Has.All.Empty);

        Assert.That(await slow, Is.EqualTo("timed-out"));
        Assert.That(Available, Is.EqualTo(3));
        Assert.That(Gateway.Log.Named("InstanceEjected"), Is.Empty);
    }

    [TestCase(100)]
    [TestCase(1 << 20)]
    public async Task Instance_StallsWithinItsAnswer_IsOut(int length)
    {
        var stalled = new HeldCalls();
        foreach (var instance in Instances)
        {
            instance.OnCall = async (context, _) =>
            {
                context.Response.ContentType = "application/grpc";
                await context.Response.Body.WriteAsync(StubSubService.Frame(new byte[length]).AsMemory(0, length / 2));
                await context.Response.Body.FlushAsync();
                await stalled.HoldAsync(context);
            };
        }

        await CallAndIgnoreAsync();

        await Eventually.That(() => Gateway.Log.Named("InstanceEjected").Count == 1);
        Assert.That(Gateway.Log.Named("InstanceEjected").Single().Message, Does.EndWith("as Slow."));
        await Eventually.That(() => Gateway.Log.Named("CallEnded").Count == 1);
        Assert.That(Gateway.Log.Named("CallEnded").Single().Message, Does.Contain("timed-out"));
    }

    [Test]
    public async Task Client_DoesNotReadItsAnswer_IsNobodysFault()
    {
        foreach (var instance in Instances)
        {
            instance.OnCall = (context, _) => StubSubService.AnswerAsync(context, new byte[16 << 20]);
        }

        using var client = await RawClient.ConnectAsync(Gateway.Address, receiveBuffer: 4096);
        await client.PostAsync(WritePath, new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray());

        await Eventually.That(() => Gateway.Log.Named("CallEnded").Count == 1);
        Assert.That(Gateway.Log.Named("CallEnded").Single().Message, Does.Contain("timed-out"));
        Assert.That(Gateway.Log.Named("InstanceEjected"), Is.Empty);
    }

    [Test]
    public async Task Client_SendsItsBodySlowly_IsNobodysFault()
    {
        foreach (var instance in Instances)
        {
            instance.OnRequest = async context =>
            {
                await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            };
        }

        var message = Raw.Join(Raw.Text(3, "s-alice"), Raw.Bytes(4, new byte[300 << 10]));
        using var client = await RawClient.ConnectAsync(Gateway.Address);
        await client.SendAsync($"POST /service/user/set_avatar HTTP/1.1\r\nHost: gateway\r\nContent-Length: {message.Length}\r\n\r\n");
        await client.SendAsync(message.AsMemory(0, 200 << 10));

        await Eventually.That(() => Gateway.Log.Named("CallEnded").Count == 1);
        Assert.That(Gateway.Log.Named("CallEnded").Single().Message, Does.Contain("timed-out"));
        Assert.That(Gateway.Log.Named("InstanceEjected"), Is.Empty);
    }

    [Test]
    public async Task Client_TakesMostOfTheTimeToSend_IsNobodysFault()
    {
        var begun = new TaskCompletionSource();
        foreach (var instance in Instances)
        {
            instance.OnRequest = async context =>
            {
                begun.TrySetResult();
                await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            };
        }

        var message = Raw.Join(Raw.Text(3, "s-alice"), Raw.Bytes(4, new byte[300 << 10]));
        using var client = await RawClient.ConnectAsync(Gateway.Address);
        await client.SendAsync($"POST /service/user/set_avatar HTTP/1.1\r\nHost: gateway\r\nContent-Length: {message.Length}\r\n\r\n");
        await client.SendAsync(message.AsMemory(0, 200 << 10));
        await begun.Task.DefaultTimeout();
        // More than half of the route's time; still more, on a busy machine, is as good.
        await Task.Delay(300);
        await client.SendAsync(message.AsMemory(200 << 10));

        await Eventually.That(() => Gateway.Log.Named("CallEnded").Count == 1);
        Assert.That(Gateway.Log.Named("CallEnded").Single().Message, Does.Contain("timed-out"));
        Assert.That(Gateway.Log.Named("InstanceEjected"), Is.Empty);
    }

    [Test]
    public async Task Instance_SaysThatItsTimeIsOver_IsOut()
    {
        Instances[0].Fail(4, "the database did not answer");

        await CallAsync(3, WritePath);

        Assert.That(Gateway.Log.Named("InstanceEjected").Single().Message, Does.EndWith("as Slow."));
    }

    [Test]
    public async Task Instance_StallsWithinAnOrdinaryAnswer_IsOut()
    {
        var stalled = new HeldCalls();
        foreach (var instance in Instances)
        {
            instance.OnRequest = async context =>
            {
                await context.Response.Body.WriteAsync(new byte[100]);
                await context.Response.Body.FlushAsync();
                await stalled.HoldAsync(context);
            };
        }

        Assert.That(async () => await Gateway.Client.GetStringAsync(OrdinaryPath), Throws.InstanceOf<HttpRequestException>());

        await Eventually.That(() => Gateway.Log.Named("InstanceEjected").Count == 1);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Client_SendsAnOrdinaryBodySlowly_IsNobodysFault(bool isRead)
    {
        foreach (var instance in Instances)
        {
            instance.OnRequest = async context =>
            {
                await (isRead ? context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted) : Task.Delay(Timeout.Infinite, context.RequestAborted));
            };
        }

        // The server's word for a body that nobody reads to its end because the time is over.
        Gateway.ErrorsExpected = true;
        for (var i = 0; i < 3; i++)
        {
            using var client = await RawClient.ConnectAsync(Gateway.Address);
            await client.SendAsync($"POST {OrdinaryPath} HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1000\r\n\r\n0123456789");
            Assert.That((await client.ReadAsync()).Status, Is.GreaterThanOrEqualTo(400));
        }

        Assert.That(Gateway.Log.Named("InstanceEjected"), Is.Empty);
    }

    [Test]
    public async Task Client_DoesNotReadItsOrdinaryAnswer_IsNobodysFault()
    {
        var ended = new TaskCompletionSource();
        foreach (var instance in Instances)
        {
            instance.OnRequest = async context =>
            {
                context.RequestAborted.Register(ended.SetResult);
                // More than the window of a stream.
                await context.Response.Body.WriteAsync(new byte[48 << 20], context.RequestAborted);
            };
        }

        using (var client = await RawClient.ConnectAsync(Gateway.Address, receiveBuffer: 4096))
        {
            await client.SendAsync($"GET {OrdinaryPath} HTTP/1.1\r\nHost: gateway\r\n\r\n");
            await ended.Task.DefaultTimeout();
        }

        // All calls have ended then.
        await Gateway.StopAsync();

        Assert.That(Gateway.Log.Named("InstanceEjected"), Is.Empty);
    }

    [Test]
    public async Task Client_HangsUp_IsNobodysFault()
    {
        var held = Instances.Select(instance => instance.Hold()).ToArray();
        using (var client = await RawClient.ConnectAsync(Gateway.Address))
        {
            await client.PostAsync("/service/user/username_login", []);
            await Task.WhenAny(held.Select(calls => calls.Arrived)).DefaultTimeout();
        }

        await Task.WhenAny(held.Select(calls => calls.GivenUp)).DefaultTimeout();
        await Eventually.That(() => Gateway.Log.Named("CallEnded").Count == 1);
        Assert.That(Gateway.Log.Named("InstanceEjected"), Is.Empty);
    }

    /// <summary>An answer that stops in its middle is an error to the client where a part of it has been given out.</summary>
    private async Task CallAndIgnoreAsync()
    {
        try
        {
            await CallAsync();
        }
        catch (HttpRequestException)
        {
            // Cut off.
        }
    }
}
