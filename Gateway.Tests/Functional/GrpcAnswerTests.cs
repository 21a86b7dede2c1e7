using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tests.Functional;

/// <summary>What a gRPC sub-service may answer, good and bad, and what the client reads then.</summary>
[TestFixture]
internal sealed class GrpcAnswerTests : GatewayTest
{
    private static readonly byte[] Message = new GetUserInfoRsp { RequestId = "r1", Success = true, Errmsg = "as the sub-service says" }.ToByteArray();

    [TestCase(4, "timed-out")]
    [TestCase(14, "no-instance")]
    [TestCase(13, "sub-service-failed")]
    [TestCase(16, "sub-service-failed")]
    [TestCase(12, "sub-service-failed")]
    [TestCase(2, "sub-service-failed")]
    [TestCase(1, "sub-service-failed")]
    public async Task Answer_TrailersOnlyFailure_IsToldAsAnOutcome(int status, string code)
    {
        Service.Fail(status, "secret-host:1234 stack");

        await AssertNothingLeaksAsync(code);
    }

    [TestCase(4, "timed-out")]
    [TestCase(14, "no-instance")]
    [TestCase(13, "sub-service-failed")]
    public async Task Answer_FailureBehindTheMessage_IsToldAsAnOutcome(int status, string code)
    {
        Service.AnswerRaw(StubSubService.Frame(Message), status);

        await AssertNothingLeaksAsync(code);
    }

    [TestCase(4, "timed-out")]
    [TestCase(14, "no-instance")]
    [TestCase(7, "sub-service-failed")]
    public async Task Answer_FailureInTrailersWithoutMessage_IsToldAsAnOutcome(int status, string code)
    {
        Service.AnswerRaw([], status);

        await AssertNothingLeaksAsync(code);
    }

    [Test]
    public async Task Answer_Good_IsWhatTheSubServiceSent()
    {
        Service.AnswerRaw(StubSubService.Frame(Message));

        using var response = await PostAsync(GetUserInfoPath, Alice);

        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.EqualTo(Message));
        Assert.That(Headers(response), Does.Not.Contain("grpc-").And.Not.Contain("x-gateway-error").And.Not.Contain("secret"));
    }

    [Test]
    public async Task Answer_EmptyMessage_IsAnEmptyBody()
    {
        Service.AnswerRaw(StubSubService.Frame([]));

        using var response = await PostAsync(GetUserInfoPath, Alice);

        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        Assert.That(response.Content.Headers.ContentType?.ToString(), Is.EqualTo("application/x-protobuf"));
        Assert.That(response.Content.Headers.ContentLength, Is.Zero);
        Assert.That(GatewayFixture.ErrorCode(response), Is.Empty);
    }

    [Test]
    public async Task Answer_FrameInManyPieces_IsPutTogether()
    {
        Service.OnCall = async (context, _) =>
        {
            context.Response.ContentType = "application/grpc+proto";
            foreach (var one in StubSubService.Frame(Message))
            {
                await context.Response.Body.WriteAsync(new[] { one });
                await context.Response.Body.FlushAsync();
            }

            context.Response.AppendTrailer("grpc-status", "0");
        };

        using var response = await PostAsync(GetUserInfoPath, Alice);

        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.EqualTo(Message));
    }

    public static IEnumerable<TestCaseData> NoAnswers()
    {
        var frame = StubSubService.Frame(Message);
        yield return Case("NoMessageButStatus0", service => service.AnswerRaw([]));
        yield return Case("TrailersOnlyStatus0", service => service.Fail(0, ""));
        yield return Case("NoStatusAtAll", service => service.AnswerRaw(frame, status: null));
        yield return Case("NoMessageAndNoStatus", service => service.AnswerRaw([], status: null));
        yield return Case("EmptyMessageAndNoStatus", service => service.AnswerRaw(StubSubService.Frame([]), status: null));
        yield return Case("TwoMessages", service => service.AnswerRaw([.. frame, .. frame]));
        yield return Case("EmptyMessageThenAnother", service => service.AnswerRaw([.. StubSubService.Frame([]), .. frame]));
        yield return Case("OneByteTooMany", service => service.AnswerRaw([.. frame, 0]));
        yield return Case("FrameCutShort", service => service.AnswerRaw(frame[..^1]));
        yield return Case("FrameHeaderCutShort", service => service.AnswerRaw(frame[..4]));
        yield return Case("FrameFlag2", service => service.AnswerRaw(StubSubService.Frame(Message, flag: 2)));
        yield return Case("FrameFlag128", service => service.AnswerRaw(StubSubService.Frame(Message, flag: 128)));
        yield return Case("Html", service => service.AnswerRaw("<html>secret-host</html>"u8.ToArray(), 0, "text/html"));
        yield return Case("BareProtobuf", service => service.AnswerRaw(Message, 0, "application/x-protobuf"));
        yield return Case("AnnouncesMoreThanMayBeHeld", service => service.AnswerRaw([1, 0xFF, 0xFF, 0xFF, 0xFF, 0x0A], encoding: "gzip"));

        static TestCaseData Case(string name, Action<StubSubService> answer) => new TestCaseData(answer).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(NoAnswers))]
    public async Task Answer_NoGoodOne_IsASubServiceFailure(Action<StubSubService> answer)
    {
        answer(Service);

        await AssertNothingLeaksAsync("sub-service-failed");
    }

    [TestCase("")]
    [TestCase("fine")]
    [TestCase("-1")]
    [TestCase("+0")]
    [TestCase("0x0")]
    [TestCase("0.0")]
    [TestCase("99")]
    [TestCase("4294967296")]
    public async Task Answer_StatusIsNoneThatExists_IsASubServiceFailure(string status)
    {
        Service.OnCall = async (context, _) =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(StubSubService.Frame(Message));
            context.Response.AppendTrailer("grpc-status", status);
        };

        await AssertNothingLeaksAsync("sub-service-failed");
    }

    [Test]
    public async Task Answer_TwoStatuses_IsASubServiceFailure()
    {
        Service.OnCall = async (context, _) =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(StubSubService.Frame(Message));
            context.Response.AppendTrailer("grpc-status", new StringValues(["0", "0"]));
        };

        await AssertNothingLeaksAsync("sub-service-failed");
    }

    [TestCase(500, "sub-service-failed")]
    [TestCase(502, "sub-service-failed")]
    [TestCase(503, "no-instance")]
    [TestCase(504, "timed-out")]
    [TestCase(404, "sub-service-failed")]
    [TestCase(302, "sub-service-failed")]
    [TestCase(204, "sub-service-failed")]
    public async Task Answer_HttpStatus_IsToldAsAnOutcome(int status, string code)
    {
        Service.OnCall = async (context, _) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "http://secret-host:1234/";
            if (status != 204)
            {
                context.Response.ContentType = "text/plain";
                await context.Response.WriteAsync("secret-host:1234 stack");
            }
        };

        await AssertNothingLeaksAsync(code);
    }

    [Test]
    public async Task Answer_ResetBeforeAnything_IsASubServiceFailure()
    {
        Service.OnCall = (context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };

        await AssertNothingLeaksAsync("sub-service-failed");
    }

    [Test]
    public async Task Answer_ResetWithinASmallMessage_IsASubServiceFailure()
    {
        Service.OnCall = async (context, _) =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(StubSubService.Frame(Message).AsMemory(0, 9));
            await context.Response.Body.FlushAsync();
            context.Abort();
        };

        await AssertNothingLeaksAsync("sub-service-failed");
    }

    [Test]
    public async Task SubService_NobodyListens_IsNoInstance()
    {
        await using var gateway = await GatewayFixture.StartAsync($"http://127.0.0.1:{LoopbackPort.Free()}");
        gateway.Sessions.Set("s-alice", "alice");

        using var response = await gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray());

        await AssertFailedAsync(response, "no-instance");
        Assert.That(gateway.Log.Named("CallFailed"), Has.Count.EqualTo(1));
    }

    /// <summary>The client reads the outcome, and nothing of what the sub-service or its machine is called.</summary>
    private async Task AssertNothingLeaksAsync(string code)
    {
        using var response = await PostAsync(GetUserInfoPath, Alice).DefaultTimeout();

        await AssertFailedAsync(response, code);
        var body = await response.Content.ReadAsStringAsync();
        Assert.That(Headers(response), Does.Not.Contain("grpc").And.Not.Contain("secret").And.Not.Contain("127.0.0.1"));
        Assert.That(body, Does.Not.Contain("secret").And.Not.Contain("stack").And.Not.Contain("grpc").And.Not.Contain("127.0.0.1"));
        Assert.That(Gateway.Log.Named("CallFailed"), Has.Count.EqualTo(1), "An operator can read why");
    }

    private static string Headers(HttpResponseMessage response) =>
        $"{response.Headers}{response.Content.Headers}{response.TrailingHeaders}".ToLowerInvariant();
}
