using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Upstream;

/// <summary>A sub-service that quotes a long input in its error: that is one failed call, and nobody else's affair.</summary>
[TestFixture]
internal sealed class ErrorTextTests
{
    // Not idempotent, so that each call is one attempt.
    private const string Path = "/service/user/set_nickname";
    private const int Others = 9;

    private static readonly byte[] Alice = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    [TestCase("x", 65_600, true)]
    [TestCase("x", 65_600, false)]
    [TestCase("%E7%94%A8", 7_300, true)]
    [TestCase("%E7%94%A8", 1_000_000, false)]
    public async Task ErrorText_Long_FailsOneCallAndNoOther(string character, int times, bool inTrailers)
    {
        var text = string.Concat(Enumerable.Repeat(character, times));
        var waiting = 0;
        var othersWait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = new FrameSubService { AnswersSideBySide = true };
        await using var gateway = await GatewayFixture.StartAsync(service.Address, new() { ["ReverseProxy:Clusters:user:Metadata:EjectAfterFailures"] = "1" });
        gateway.Sessions.Set("s-alice", "alice");
        Assert.That(await CodeAsync(gateway), Is.Empty);
        service.OnRequest = async (connection, stream) =>
        {
            if (Interlocked.Increment(ref waiting) == Others)
            {
                othersWait.SetResult();
            }

            await failed.Task;
            await connection.AnswerAsync(stream, []);
        };
        var others = Enumerable.Range(0, Others).Select(_ => CodeAsync(gateway)).ToArray();
        await othersWait.Task.DefaultTimeout();
        service.OnRequest = async (connection, stream) =>
        {
            if (inTrailers)
            {
                await connection.BeginAnswerAsync(stream);
                await connection.HeadersAsync(stream, isEnd: true, ("grpc-status", "3"), ("grpc-message", text));
            }
            else
            {
                await connection.HeadersAsync(stream, isEnd: true, (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "3"), ("grpc-message", text));
            }
        };

        var code = await CodeAsync(gateway);
        failed.SetResult();

        Assert.That(code, Is.EqualTo("sub-service-failed"));
        Assert.That(await Task.WhenAll(others), Has.All.Empty);
        Assert.That(service.Connections, Is.EqualTo(1));
        Assert.That(gateway.Log.Named("InstanceEjected"), Is.Empty);
        var line = gateway.Log.Named("CallFailed").Single().Message;
        Assert.That(line, Does.Contain($"grpc-status 3: {Uri.UnescapeDataString(text)[..200]}…"));
        Assert.That(line, Has.Length.LessThan(500));
    }

    private static async Task<string> CodeAsync(GatewayFixture gateway)
    {
        using var response = await gateway.PostAsync(Path, Alice).DefaultTimeout();
        return GatewayFixture.ErrorCode(response);
    }
}
