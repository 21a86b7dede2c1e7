using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>A large answer is passed on before its end is known; what goes wrong then must never look like an answer.</summary>
[TestFixture]
internal sealed class BrokenStreamTests : GatewayTest
{
    private static readonly byte[] Message =
        new GetUserInfoRsp { RequestId = "r1", Success = true, UserInfo = new UserInfo { Avatar = ByteString.CopyFrom(new byte[1 << 20]) } }.ToByteArray();

    [TestCase(13)]
    [TestCase(14)]
    [TestCase(null)]
    public async Task Answer_LargeWithABadStatus_IsNeverComplete(int? status)
    {
        Service.AnswerRaw(StubSubService.Frame(Message), status);

        await AssertBreaksOffAsync();
    }

    [Test]
    public async Task Answer_LargeWithMoreBehindIt_IsNeverComplete()
    {
        Service.AnswerRaw([.. StubSubService.Frame(Message), 0]);

        await AssertBreaksOffAsync();
    }

    [Test]
    public async Task Answer_LargeAndCutShort_IsNeverComplete()
    {
        Service.AnswerRaw(StubSubService.Frame(Message)[..^1]);

        await AssertBreaksOffAsync();
    }

    [Test]
    public async Task Answer_LargeAndReset_IsNeverComplete()
    {
        var begun = new TaskCompletionSource();
        Service.OnCall = async (context, _) =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(StubSubService.Frame(Message).AsMemory(0, 500_000));
            await context.Response.Body.FlushAsync();
            // A reset takes along what nobody has read yet, and before its first byte an answer can still become an error.
            await begun.Task;
            context.Abort();
        };

        await AssertBreaksOffAsync(begun.SetResult);
    }

    [Test]
    public async Task Client_HangsUpInALargeAnswer_EndsTheCallToTheSubService()
    {
        var givenUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Service.OnCall = async (context, _) =>
        {
            context.RequestAborted.Register(givenUp.SetResult);
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[] { 0, 0x70, 0, 0, 0 });
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[100_000]);
            }
        };

        using (var response = await SendAsync())
        {
            await (await response.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[1_000_000]).AsTask().DefaultTimeout();
        }

        await givenUp.Task.DefaultTimeout();
    }

    private async Task AssertBreaksOffAsync(Action? begun = null)
    {
        using var response = await SendAsync().DefaultTimeout();

        begun?.Invoke();
        Assert.That(response.Content.Headers.ContentLength, Is.EqualTo(Message.Length));
        Assert.That(() => response.Content.ReadAsByteArrayAsync().DefaultTimeout(), Throws.InstanceOf<HttpRequestException>());
        await Eventually.That(() => Gateway.Log.Named("CallFailed").Count == 1);
        Assert.That(Gateway.Log.Named("CallFailed").Single().Message, Does.Contain("ended as 'sub-service-failed'"));
    }

    private async Task<HttpResponseMessage> SendAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, GetUserInfoPath) { Content = new ByteArrayContent(Alice.ToByteArray()) };
        return await Gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
