using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Verdicts;
using Gateway.Transforms.Wire;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Transforms.Rpc;

[TestFixture]
internal sealed class RpcFeatureTests
{
    private static readonly MessageFields Fields = new(RequestId: 1, SessionId: 3, UserId: 2);

    [Test]
    public void RequestId_NothingReceived_IsNull() => Assert.That(New().RequestId, Is.Null);

    [Test]
    public async Task RequestId_None_IsNull() => Assert.That((await ReceiveAsync(Raw.Text(3, "s"))).RequestId, Is.Null);

    [TestCase("")]
    [TestCase("r1")]
    [TestCase("请求1")]
    public async Task RequestId_Text_IsRead(string id) => Assert.That((await ReceiveAsync(Raw.Text(1, id))).RequestId, Is.EqualTo(id));

    [TestCase(256, true)]
    [TestCase(257, false)]
    [TestCase(100_000, false)]
    public async Task RequestId_Long_IsReadUpTo256Bytes(int length, bool isRead)
    {
        var id = new string('r', length);

        Assert.That((await ReceiveAsync(Raw.Text(1, id))).RequestId, Is.EqualTo(isRead ? id : null));
    }

    [Test]
    public async Task RequestId_NoUtf8_IsNull() => Assert.That((await ReceiveAsync([0x0A, 1, 0xFF])).RequestId, Is.Null);

    [Test]
    public async Task RequestId_BodyNotWellFormedBehindIt_IsRead() =>
        Assert.That((await ReceiveAsync(Raw.Join(Raw.Text(1, "r1"), [0x80]))).RequestId, Is.EqualTo("r1"));

    [Test]
    public async Task RequestId_ReadBeforeTheBodyIsReleased_IsStillThere()
    {
        var sut = await ReceiveAsync(Raw.Text(1, "r1"));
        Assert.That(sut.RequestId, Is.EqualTo("r1"));

        await sut.ReleaseBodyAsync();

        Assert.That(sut.RequestId, Is.EqualTo("r1"));
        Assert.That(sut.Message.IsEmpty, Is.True);
    }

    [Test]
    public async Task RequestId_UnreadableAndBodyDiscarded_IsNullAgain()
    {
        var context = Context(Raw.Join([0x0A, 1, 0xFF], Raw.Text(4, "too much")));
        var body = await ReadAsync(context, limit: 4);
        var sut = New();
        sut.Received(body, MessageScanner.Scan(body.Buffer, Fields));

        Assert.That(sut.RequestId, Is.Null);
        await body.DiscardAsync(max: 100, TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None).AsTask().DefaultTimeout();

        Assert.That(sut.RequestId, Is.Null);
        Assert.That(async () => await sut.ReleaseBodyAsync(), Throws.Nothing);
    }

    [Test]
    public void Fail_BeforeAnAttempt_SpeaksForNoInstance()
    {
        var sut = New();
        Assert.That(sut.Verdict, Is.Null);

        sut.Fail(RpcOutcome.BadRequest, "field number 0");

        Assert.That(sut.Verdict, Is.EqualTo(new Verdict(VerdictKind.Unjudged, RpcOutcome.BadRequest, Reach.NotSent, "field number 0")));
    }

    [Test]
    public void Conclude_ASecondTime_IsRefusedUntilTheCallIsMadeAgain()
    {
        var sut = New();
        sut.Conclude(new Verdict(VerdictKind.Unreachable, RpcOutcome.NoInstance, Reach.NotSent));

        Assert.That(() => sut.Conclude(Verdict.Good), Throws.InvalidOperationException);
        sut.Replay();
        sut.Conclude(Verdict.Good);

        Assert.That(sut.Verdict, Is.SameAs(Verdict.Good));
    }

    private static RpcFeature New() =>
        new(new RpcRoute("r", "/p.S/M", Fields, new EnvelopeFields([1], [], [3], [], false), SessionMode.Required, null, 1 << 20, TimeSpan.FromSeconds(10)), startedAt: 0);

    private static async Task<RpcFeature> ReceiveAsync(byte[] bytes)
    {
        var body = await ReadAsync(Context(bytes), limit: 1 << 20);
        var feature = New();
        feature.Received(body, MessageScanner.Scan(body.Buffer, Fields));
        return feature;
    }

    private static async Task<RequestBody> ReadAsync(HttpContext context, long limit)
    {
        var body = new RequestBody(context, new RequestBudget(1 << 20));
        await body.FillAsync(limit, enough: long.MaxValue).AsTask().DefaultTimeout();
        return body;
    }

    private static DefaultHttpContext Context(byte[] bytes)
    {
        var context = new DefaultHttpContext();
        context.Request.Body = new MemoryStream(bytes);
        return context;
    }
}
