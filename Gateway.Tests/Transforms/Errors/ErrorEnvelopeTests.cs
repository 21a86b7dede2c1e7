using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Routes;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Verdicts;
using Gateway.Transforms.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Transforms.Errors;

[TestFixture]
internal sealed class ErrorEnvelopeTests
{
    private const string SessionInvalid = "Your login has expired. Please log in again.";

    /// <summary>Every answer a client can be waiting for.</summary>
    private static IEnumerable<MessageDescriptor> Answers() =>
    [
        .. new[]
        {
            UserReflection.Descriptor, FriendReflection.Descriptor, MessageStorageReflection.Descriptor,
            FileReflection.Descriptor, SpeechRecognitionReflection.Descriptor,
        }
        .SelectMany(file => file.Services).SelectMany(service => service.Methods).Select(method => method.OutputType),
        NewMessageRsp.Descriptor,
    ];

    [TestCaseSource(nameof(Answers))]
    public async Task Write_AnyAnswerType_CanBeParsedAsIt(MessageDescriptor answer)
    {
        var expected = answer.Parser.ParseFrom([]);
        answer.FindFieldByName("request_id").Accessor.SetValue(expected, "请求1");
        answer.FindFieldByName("success").Accessor.SetValue(expected, false);
        answer.FindFieldByName("errmsg").Accessor.SetValue(expected, SessionInvalid);

        var fields = Parsers.Messages().FindEnvelope("r", answer, new Dictionary<string, string>(), []).Fields;
        var (_, body) = await WriteAsync(RpcOutcome.SessionInvalid, "请求1", fields: fields);

        Assert.That(answer.Parser.ParseFrom(body), Is.EqualTo(expected));
    }

    [TestCase(null)]
    [TestCase("")]
    public async Task Write_NoRequestId_SaysTheRest(string? requestId)
    {
        var (_, body) = await WriteAsync(RpcOutcome.SessionInvalid, requestId);

        Assert.That(body, Is.EqualTo(new UserRegisterRsp { Errmsg = SessionInvalid }.ToByteArray()));
    }

    [Test]
    public async Task Write_LongRequestId_IsWhole()
    {
        var id = new string('请', 85);

        var (_, body) = await WriteAsync(RpcOutcome.SessionInvalid, id);

        Assert.That(GetFriendListRsp.Parser.ParseFrom(body), Is.EqualTo(new GetFriendListRsp { RequestId = id, Errmsg = SessionInvalid }));
    }

    [Test]
    public async Task Write_ChineseAskedFor_IsChinese()
    {
        var (_, body) = await WriteAsync(RpcOutcome.SessionInvalid, "r1", accept: "zh-CN,en;q=0.5");

        Assert.That(UserLoginRsp.Parser.ParseFrom(body).Errmsg, Is.EqualTo("登录已失效，请重新登录。"));
    }

    [Test]
    public async Task Write_ChineseByDefault_IsChinese()
    {
        var (_, body) = await WriteAsync(RpcOutcome.SessionInvalid, "r1", new ErrorOptions { DefaultLanguage = "zh-CN" });

        Assert.That(UserLoginRsp.Parser.ParseFrom(body).Errmsg, Is.EqualTo("登录已失效，请重新登录。"));
    }

    [TestCase(RpcOutcome.BadRequest, 400, "bad-request")]
    [TestCase(RpcOutcome.UnsupportedContent, 415, "unsupported-content")]
    [TestCase(RpcOutcome.TooLarge, 413, "too-large")]
    [TestCase(RpcOutcome.SessionInvalid, 401, "session-invalid")]
    [TestCase(RpcOutcome.SessionStoreDown, 503, "session-store-down")]
    [TestCase(RpcOutcome.NoInstance, 503, "no-instance")]
    [TestCase(RpcOutcome.TimedOut, 504, "timed-out")]
    [TestCase(RpcOutcome.SubServiceFailed, 502, "sub-service-failed")]
    [TestCase(RpcOutcome.Internal, 500, "internal")]
    public async Task Write_Outcome_HasStatusByModeAndTheSameBody(RpcOutcome outcome, int status, string code)
    {
        var (envelope, body) = await WriteAsync(outcome, "r1");
        var (http, sameBody) = await WriteAsync(outcome, "r1", new ErrorOptions { StatusMode = StatusMode.Http });

        Assert.That((envelope.StatusCode, http.StatusCode), Is.EqualTo((200, status)));
        Assert.That(sameBody, Is.EqualTo(body));
        foreach (var response in new[] { envelope, http })
        {
            Assert.That(response.ContentType, Is.EqualTo("application/x-protobuf"));
            Assert.That(response.ContentLength, Is.EqualTo(body.Length));
            Assert.That(response.Headers["x-gateway-error"].ToString(), Is.EqualTo(code));
        }
    }

    [Test]
    public async Task Write_RequestAborted_IsStillWritten()
    {
        var (_, body) = await WriteAsync(RpcOutcome.TimedOut, "r1", aborted: new CancellationToken(canceled: true));

        Assert.That(UserLoginRsp.Parser.ParseFrom(body), Is.EqualTo(new UserLoginRsp { RequestId = "r1", Errmsg = "This took too long. Please try again." }));
    }

    private static async Task<(HttpResponse Response, byte[] Body)> WriteAsync(
        RpcOutcome outcome, string? requestId, ErrorOptions? options = null, string? accept = null, EnvelopeFields? fields = null, CancellationToken aborted = default)
    {
        var sut = new ErrorEnvelope(Options.Create(options ?? new ErrorOptions()));
        using var body = new MemoryStream();
        var context = new DefaultHttpContext { RequestAborted = aborted };
        context.Response.Body = body;
        context.Request.Headers.AcceptLanguage = accept;

        await sut.WriteAsync(context, fields ?? Parsers.Messages().FindEnvelope("r", UserLoginRsp.Descriptor, new Dictionary<string, string>(), []).Fields, outcome, requestId).DefaultTimeout();

        return (context.Response, body.ToArray());
    }
}
