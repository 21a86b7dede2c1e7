using System.Buffers;
using System.Reflection;
using System.Text;
using BenchmarkDotNet.Attributes;
using Gateway.Bench.Micro.Benchmarks;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Bench;

/// <summary>Each benchmark once: a figure of something that does not work says nothing.</summary>
[TestFixture]
internal sealed class MicroBenchmarkTests
{
    private const string RequestId = "0123456789abcdef";
    private const string SessionId = "fedcba9876543210";
    private const int LargeText = 64 << 10;
    private const int AvatarBytes = 32 << 10;

    private static GetUserInfoReq SmallRequest => new() { RequestId = RequestId, SessionId = SessionId };

    private static NewMessageReq LargeRequest => new()
    {
        RequestId = RequestId,
        SessionId = SessionId,
        ChatSessionId = "chat",
        Message = new MessageContent { StringMessage = new StringMessageInfo { Content = new string('x', LargeText) } },
    };

    [Test]
    public void Scan_Small_FindsTheSession() => AssertSession(new Scan().Small());

    [Test]
    public void Scan_Large_FindsTheSession() => AssertSession(new Scan().Large());

    [Test]
    public void Scan_ManyFields_FindsTheSession() => AssertSession(new Scan().ManyFields());

    [Test]
    public void Walk_OneFile_FindsNothingWrong() => Assert.That(new Walk().OneFile(), Is.Null);

    [Test]
    public void Walk_ManyFiles_FindsNothingWrong() => Assert.That(new Walk().ManyFiles(), Is.Null);

    [Test]
    public void Injection_Append_NamesTheUser() =>
        Assert.That(GetUserInfoReq.Parser.ParseFrom(new Injection().Append()), Is.EqualTo(new GetUserInfoReq(SmallRequest) { UserId = "u7" }));

    [Test]
    public void Injection_Replace_NamesTheUserAlone() =>
        Assert.That(new Injection().Replace().ToArray(), Is.EqualTo(new Injection().Append().ToArray()));

    [Test]
    public async Task Envelope_English_SaysWhatIsWrong()
    {
        using var sut = new Envelope();
        await sut.English();

        Assert.That(GetUserInfoRsp.Parser.ParseFrom((await sut.English()).Span), Is.EqualTo(Failed("Your login has expired. Please log in again.")));
    }

    [Test]
    public async Task Envelope_Chinese_SaysWhatIsWrong()
    {
        using var sut = new Envelope();

        Assert.That(GetUserInfoRsp.Parser.ParseFrom((await sut.Chinese()).Span), Is.EqualTo(Failed("登录已失效，请重新登录。")));
    }

    [Test]
    public void Events_Serialize_IsAnEvent() => AssertEvent(new Events().Serialize(), avatar: 0);

    [Test]
    public void Events_SerializeWithAvatar_IsAnEvent() => AssertEvent(new Events().SerializeWithAvatar(), AvatarBytes);

    [Test]
    public async Task Events_Make_RepliesWithoutTargets() =>
        Assert.That(await new Events().Make(), Is.EqualTo(new NewMessageRsp { RequestId = RequestId, Success = true }.CalculateSize()));

    [Test]
    public async Task Events_MakeWithAvatar_RepliesWithoutTargets() =>
        Assert.That(await new Events().MakeWithAvatar(), Is.EqualTo(new NewMessageRsp { RequestId = RequestId, Success = true }.CalculateSize()));

    [Test]
    public async Task Events_MakeOfLargeText_RepliesWithoutTargets() =>
        Assert.That(await new Events().MakeOfLargeText(), Is.EqualTo(new NewMessageRsp { RequestId = RequestId, Success = true }.CalculateSize()));

    [Test]
    public async Task Publishing_ToOne_SendsTheEventOnce()
    {
        await using var sut = new Publishing();

        Assert.That(await sut.ToOne().DefaultTimeout(), Is.EqualTo(new Events().Serialize().Length));
    }

    [Test]
    public async Task Publishing_ToHundred_SendsTheEventToEach()
    {
        await using var sut = new Publishing();

        Assert.That(await sut.ToHundred().DefaultTimeout(), Is.EqualTo(100 * new Events().Serialize().Length));
        Assert.That(await sut.ToHundred().DefaultTimeout(), Is.EqualTo(100 * new Events().Serialize().Length));
    }

    [Test]
    public void EveryBenchmark_HasATestHere()
    {
        var tests = typeof(MicroBenchmarkTests).GetMethods().Select(method => method.Name).ToArray();
        var benchmarks = typeof(Scan).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods().Where(method => method.GetCustomAttribute<BenchmarkAttribute>() is not null))
            .Select(method => $"{method.DeclaringType!.Name}_{method.Name}_")
            .ToArray();

        Assert.That(benchmarks, Is.Not.Empty);
        Assert.That(benchmarks.Where(benchmark => !tests.Any(test => test.StartsWith(benchmark, StringComparison.Ordinal))), Is.Empty);
    }

    private static GetUserInfoRsp Failed(string why) => new() { RequestId = RequestId, Errmsg = why };

    private static void AssertSession(ReadOnlyMemory<byte> found) => Assert.That(Encoding.UTF8.GetString(found.Span), Is.EqualTo(SessionId));

    private static void AssertFramed(ReadOnlyMemory<byte> sent, IMessage message)
    {
        var body = message.ToByteArray();
        byte[] header = [0, (byte)(body.Length >> 24), (byte)(body.Length >> 16), (byte)(body.Length >> 8), (byte)body.Length];
        Assert.That(sent.ToArray(), Is.EqualTo((byte[])[.. header, .. body]));
    }

    private static void AssertEvent(byte[] bytes, int avatar)
    {
        var message = NotifyMessage.Parser.ParseFrom(bytes);
        Assert.That(message.NotifyType, Is.EqualTo(NotifyType.ChatMessageNotify));
        Assert.That(message.NewMessageInfo.MessageInfo.Sender.Avatar, Has.Length.EqualTo(avatar));
        Assert.That(message.NewMessageInfo.MessageInfo.Message.StringMessage.Content, Is.EqualTo("How are you?"));
    }
}
