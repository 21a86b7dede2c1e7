using Gateway.Tests.Support;
using static Gateway.Tests.Support.Http2Bytes;
using static Gateway.Tests.Support.RawHttp2;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>Frames that HTTP/2 does not allow. Each ends the connection, or its stream alone, with the error that the protocol names.</summary>
[TestFixture]
internal sealed class Http2FrameTests : Http2Test
{
    private static readonly byte[] Open = Frame(Http2FrameType.Headers, EndHeaders, 1, Head(GetUserInfoPath));

    /// <summary>What ends the connection.</summary>
    public static IEnumerable<TestCaseData> OfTheConnection()
    {
        yield return Case("DataWithoutAStream", Http2Error.Protocol, Frame(Http2FrameType.Data, 0, 0, 1));
        yield return Case("DataOfAnIdleStream", Http2Error.Protocol, Frame(Http2FrameType.Data, 0, 1, 1));
        yield return Case("HeadersWithoutAStream", Http2Error.Protocol, Frame(Http2FrameType.Headers, EndHeaders, 0, Head(GetUserInfoPath)));
        yield return Case("HeadersOfAnEvenStream", Http2Error.Protocol, Frame(Http2FrameType.Headers, EndHeaders, 2, Head(GetUserInfoPath)));
        yield return Case("HeadersOfAnOldStream", Http2Error.StreamClosed, Request(5, GetUserInfoPath, Alice), Request(3, GetUserInfoPath, Alice));
        yield return Case("ContinuationOfNothing", Http2Error.Protocol, Frame(Http2FrameType.Continuation, EndHeaders, 1, 0));
        yield return Case("DataWithinHeaders", Http2Error.Protocol, Frame(Http2FrameType.Headers, 0, 1, Head(GetUserInfoPath)), Frame(Http2FrameType.Data, 0, 1, 1));
        yield return Case("PushPromise", Http2Error.Protocol, Frame(Http2FrameType.PushPromise, EndHeaders, 1, 0, 0, 0, 2));
        yield return Case("PaddingBeyondTheFrame", Http2Error.Protocol, Open, Frame(Http2FrameType.Data, Padded, 1, 200, 1));
        yield return Case("FrameOfManyBytes", Http2Error.FrameSize, Open, Frame(Http2FrameType.Data, 0, 1, new byte[MaxFrame + 1]));
        yield return Case("PingOfSevenBytes", Http2Error.FrameSize, Frame(Http2FrameType.Ping, 0, 0, new byte[7]));
        yield return Case("SettingsOfFiveBytes", Http2Error.FrameSize, Frame(Http2FrameType.Settings, 0, 0, new byte[5]));
        yield return Case("SettingsOfAWindowTooLarge", Http2Error.FlowControl, Frame(Http2FrameType.Settings, 0, 0, [0, 4, .. Number(-1)]));
        yield return Case("SettingsOfAFrameTooLarge", Http2Error.Protocol, Frame(Http2FrameType.Settings, 0, 0, [0, 5, .. Number(-1)]));
        yield return Case("WindowOfTheConnectionOverflows", Http2Error.FlowControl, Frame(Http2FrameType.WindowUpdate, 0, 0, Number(int.MaxValue)));
        yield return Case("WindowGrowsByNothing", Http2Error.Protocol, Frame(Http2FrameType.WindowUpdate, 0, 0, Number(0)));
        yield return Case("ResetOfAnIdleStream", Http2Error.Protocol, Frame(Http2FrameType.RstStream, 0, 1, Number(8)));
        yield return Case("NoHpack", Http2Error.Compression, Frame(Http2FrameType.Headers, EndHeaders, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF));
        yield return Case("HpackOfAnUnknownNumber", Http2Error.Compression, Frame(Http2FrameType.Headers, EndHeaders, 1, 0xFE));
        yield return Case("HpackTableTooLarge", Http2Error.Compression, Frame(Http2FrameType.Headers, EndHeaders, 1, 0x3F, 0xFF, 0xFF, 0x7F));
        yield return Case("NoFrameAtAll", Http2Error.FrameSize, "GET / HTTP/1.1\r\nHost: gateway\r\n\r\n"u8.ToArray());
        yield return Malformed("UppercaseName", ("X-A", "b"));
        yield return Malformed("ConnectionHeader", ("connection", "keep-alive"));
        yield return Malformed("Te", ("te", "gzip"));
        yield return Malformed("PathTwice", (":path", LoginPath));
        yield return Malformed("PseudoFieldBehindOthers", ("x-a", "b"), (":scheme", "https"));
        yield return Malformed("UnknownPseudoField", (":user", "mallory"));
        yield return Malformed("StatusOfAResponse", (":status", "200"));
        yield return Malformed("LineEndInAValue", ("x-a", "b\r\nx-gateway-user-id: mallory"));
        yield return Malformed("NulInAValue", ("x-a", "b\0c"));

        static TestCaseData Malformed(string name, params (string, string)[] fields) =>
            Case(name, Http2Error.Protocol, Frame(Http2FrameType.Headers, EndHeaders | EndStream, 1, Head(GetUserInfoPath, fields)));
    }

    /// <summary>What ends its stream alone.</summary>
    public static IEnumerable<TestCaseData> OfTheStream()
    {
        yield return Case("WindowOverflows", Http2Error.FlowControl, Open, Frame(Http2FrameType.WindowUpdate, 0, 1, Number(int.MaxValue)));
        yield return Case("LessDataThanAnnounced", Http2Error.Protocol, Announcing(100), Frame(Http2FrameType.Data, EndStream, 1, Alice));
        yield return Case("MoreDataThanAnnounced", Http2Error.Protocol, Announcing(2), Frame(Http2FrameType.Data, EndStream, 1, Alice));
        yield return Case("NoDataThoughAnnounced", Http2Error.Protocol, Frame(Http2FrameType.Headers, EndHeaders | EndStream, 1, Head(GetUserInfoPath, ("content-length", "100"))));
        yield return Case("NoMethod", Http2Error.Protocol, Frame(Http2FrameType.Headers, EndHeaders | EndStream, 1, Fields((":scheme", "https"), (":path", GetUserInfoPath))));

        static byte[] Announcing(int length) =>
            Frame(Http2FrameType.Headers, EndHeaders, 1, Head(GetUserInfoPath, ("content-length", $"{length}")));
    }

    [TestCaseSource(nameof(OfTheConnection))]
    public async Task Frame_ThatBreaksTheProtocol_EndsTheConnection(Http2Error error, byte[] frames)
    {
        await using var attacker = await AttackAsync();

        await attacker.SendAsync(frames);

        Assert.That((await attacker.ReadAsync(Http2FrameType.GoAway))?.ReadError(), Is.EqualTo(error));
        Assert.That(await attacker.ReadToEndAsync(), Is.Empty);
    }

    [TestCaseSource(nameof(OfTheStream))]
    public async Task Frame_ThatBreaksItsStream_EndsTheStreamAlone(Http2Error error, byte[] frames)
    {
        await using var attacker = await AttackAsync();

        await attacker.SendAsync(frames);

        Assert.That((await attacker.ReadAsync(Http2FrameType.RstStream, stream: 1))?.ReadError(), Is.EqualTo(error));
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
        await attacker.SendAsync(Request(3, GetUserInfoPath, Alice));
        Assert.That((await attacker.ReadAsync(Http2FrameType.Headers, stream: 3))?.ReadStatus(), Is.EqualTo(200));
        AssertAskedForAlice();
    }

    [TestCase("transfer-encoding", "chunked")]
    [TestCase("x-a\r\nx-gateway-user-id: mallory\r\nx-b", "c")]
    [TestCase("host", "other")]
    [TestCase("x-forwarded-for", "203.0.113.7")]
    [TestCase("grpc-timeout", "1n")]
    public async Task Field_Forged_StaysHere(string name, string value)
    {
        await using var attacker = await AttackAsync();

        await attacker.SendAsync(Frame(Http2FrameType.Headers, EndHeaders, 1, Head(GetUserInfoPath, (name, value))), Frame(Http2FrameType.Data, EndStream, 1, Alice));

        Assert.That((await attacker.ReadAsync(Http2FrameType.Headers, stream: 1))?.ReadStatus(), Is.EqualTo(200));
        AssertAskedForAlice();
    }

    [Test]
    public async Task Preface_OnAPlainPort_IsToldToUseHttp11()
    {
        using var client = await ConnectAsync();

        await client.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

        var answer = await client.ReadToEndAsync();
        Assert.That(answer, Does.EndWith("\0\0\0\r"), "HTTP_1_1_REQUIRED");
    }

    private static TestCaseData Case(string name, Http2Error error, params byte[][] frames) =>
        new TestCaseData(error, frames.SelectMany(frame => frame).ToArray()).SetArgDisplayNames(name);
}
