using Gateway.Tests.Support;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>
/// A sub-service that breaks HTTP/2 or its connections. The client reads one outcome, the gateway closes what is broken, and the next call to
/// the same instance is served.
/// </summary>
[TestFixture]
[Category("Long")]
internal sealed class BrokenProtocolTests : BrokenProtocolTest
{
    private const Http2Error UnknownError = (Http2Error)(-1);
    private const ushort MaxConcurrentStreams = 3;

    public static IEnumerable<TestCaseData> BadAnswers()
    {
        yield return Case("HalfClosesBehindTheRequest", (connection, _) => Act(connection.FinishSending));
        yield return Case("CutsTheConnectionBehindTheRequest", (connection, _) => Act(connection.Cut));
        yield return Case("HalfClosesBehindTheHeaders", async (connection, stream) =>
        {
            await connection.BeginAnswerAsync(stream);
            connection.FinishSending();
        });
        yield return Case("CutsTheConnectionWithinTheMessage", async (connection, stream) =>
        {
            await connection.BeginAnswerAsync(stream);
            await connection.DataAsync(stream, StubSubService.Frame(new byte[100])[..50]);
            connection.Cut();
        });
        yield return Case("HalfClosesBeforeTheTrailers", async (connection, stream) =>
        {
            await connection.BeginAnswerAsync(stream);
            await connection.DataAsync(stream, StubSubService.Frame(new byte[100]));
            connection.FinishSending();
        });
        foreach (var error in new[] { Http2Error.None, Http2Error.Protocol, Http2Error.Internal, Http2Error.Cancel, Http2Error.EnhanceYourCalm, UnknownError })
        {
            yield return Case($"ResetsTheStreamWith{error}", (connection, stream) => connection.ResetStreamAsync(stream, error));
        }

        yield return Case("ResetsTheStreamUnread", (connection, stream) => connection.ResetStreamAsync(stream, Http2Error.RefusedStream), "no-instance");
        yield return Case("ResetsTheStreamBehindTheHeaders", async (connection, stream) =>
        {
            await connection.BeginAnswerAsync(stream);
            await connection.ResetStreamAsync(stream, Http2Error.Internal);
        });
        yield return Case("GoesAwayUnread", (connection, _) => connection.GoAwayAsync(last: 0), "no-instance");
        yield return Case("GoesAwayWithTheRequestTaken", async (connection, stream) =>
        {
            await connection.GoAwayAsync(stream, Http2Error.EnhanceYourCalm);
            connection.FinishSending();
        });
        yield return Case("DataOfNoStream", (connection, _) => connection.DataAsync(0, [1]));
        yield return Case("DataBeforeTheHeaders", (connection, stream) => connection.DataAsync(stream, StubSubService.Frame([])));
        yield return Case("DataOfAStreamNobodyOpened", (connection, _) => connection.DataAsync(1001, [1]));
        yield return Case("FrameTooLarge", (connection, stream) => connection.WriteAsync(Http2FrameType.Data, 0, stream, new byte[Http2Bytes.MaxFrame + 1]));
        yield return Case("ResetOfTheWrongLength", (connection, stream) => connection.WriteAsync(Http2FrameType.RstStream, 0, stream, [1, 2, 3]));
        yield return Case("ContinuationOfNothing", (connection, stream) => connection.WriteAsync(Http2FrameType.Continuation, Http2Bytes.EndHeaders, stream, []));
        yield return Case("PushesWhatNobodyWants", (connection, stream) => connection.WriteAsync(Http2FrameType.PushPromise, Http2Bytes.EndHeaders, stream, [0, 0, 0, 2]));
        yield return Case("HeadersThatAreNoHpack", (connection, stream) => connection.WriteAsync(Http2FrameType.Headers, Http2Bytes.EndHeaders, stream, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]));
        yield return Case("HeadersWithoutAStatus", (connection, stream) => connection.HeadersAsync(stream, isEnd: false, ("content-type", "application/grpc")));
        yield return Case("HeadersWithoutEnd", async (connection, stream) =>
        {
            await connection.WriteAsync(Http2FrameType.Headers, 0, stream, Http2Bytes.Fields((":status", "200")));
            for (var i = 0; i < 2000; i++)
            {
                await connection.WriteAsync(Http2FrameType.Continuation, 0, stream, Http2Bytes.Fields(("more", new string('x', 100))));
            }
        });
        yield return Case("SpeaksHttp1", (connection, _) => connection.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"u8.ToArray()));
        yield return Case("SendsNoise", (connection, _) => connection.SendAsync([.. Enumerable.Range(0, 1000).Select(i => (byte)(i * 131))]));

        static TestCaseData Case(string name, Func<FrameConnection, int, Task> answer, string code = "sub-service-failed") =>
            new TestCaseData(answer, code).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(BadAnswers))]
    public async Task Answer_BreaksTheProtocol_IsOneOutcomeAndTheNextCallIsServed(Func<FrameConnection, int, Task> answer, string code)
    {
        Service.OnRequest = answer;

        Assert.That(await CodeAsync(Gateway), Is.EqualTo(code));

        Assert.That(Gateway.Log.Named("CallFailed"), Has.Count.EqualTo(1));
        await AssertServesAsync();
    }

    public static IEnumerable<TestCaseData> OddAnswers()
    {
        yield return Case("SettingsAgain", (connection, _) => connection.SettingsAsync((MaxConcurrentStreams, 100)));
        yield return Case("Ping", (connection, _) => connection.WriteAsync(Http2FrameType.Ping, 0, 0, new byte[8]));
        yield return Case("FrameOfAnUnknownKind", (connection, stream) => connection.WriteAsync(Http2FrameType.Unknown, 0, stream, [1, 2, 3]));
        yield return Case("EmptyDataWithoutEnd", async (connection, stream) =>
        {
            await connection.BeginAnswerAsync(stream);
            await RepeatAsync(1000, () => connection.DataAsync(stream, []));
            await connection.DataAsync(stream, StubSubService.Frame([]));
            await connection.HeadersAsync(stream, isEnd: true, ("grpc-status", "0"));
        });
        yield return Case("GoesAwayButAnswers", (connection, stream) => connection.GoAwayAsync(stream));

        static TestCaseData Case(string name, Func<FrameConnection, int, Task> before) => new TestCaseData(before).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(OddAnswers))]
    public async Task Answer_OddButAllowed_IsServed(Func<FrameConnection, int, Task> before)
    {
        Service.OnRequest = async (connection, stream) =>
        {
            await before(connection, stream);
            await connection.AnswerAsync(stream, []);
        };

        Assert.That(await CodeAsync(Gateway), Is.Empty);
        await AssertServesAsync();
    }

    [TestCase("closes")]
    [TestCase("speaks HTTP/1.1")]
    [TestCase("goes away")]
    public async Task Connection_IsOfNoUseFromTheStart_IsOneOutcome(string greeting)
    {
        Service.OnConnected = greeting switch
        {
            "closes" => connection => Act(connection.Cut),
            "goes away" => async connection =>
            {
                await connection.SettingsAsync();
                await connection.GoAwayAsync(last: 0);
            },
            _ => connection => connection.SendAsync("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"u8.ToArray()),
        };

        // Whether the request was on its way already is a matter of luck.
        Assert.That(await CodeAsync(Gateway), Is.AnyOf("no-instance", "sub-service-failed"));

        Assert.That(Service.Connections, Is.LessThanOrEqualTo(10), "It is not tried again and again");
        await AssertServesAsync();
    }

    [TestCase(Http2FrameType.Ping)]
    [TestCase(Http2FrameType.Settings)]
    public async Task Connection_IsFloodedBeforeTheAnswer_IsServedOrCutOff(object kind)
    {
        Service.OnRequest = async (connection, stream) =>
        {
            await RepeatAsync(5000, () => connection.WriteAsync((Http2FrameType)kind, 0, 0, (Http2FrameType)kind == Http2FrameType.Ping ? new byte[8] : []));
            await connection.AnswerAsync(stream, []);
        };

        // The HTTP handler bounds what it still has to acknowledge. Whether that is reached depends on who is faster.
        Assert.That(await CodeAsync(Gateway), Is.AnyOf("", "sub-service-failed"));
        await AssertServesAsync();
    }

    [Test]
    public async Task Answer_LargeAndBeyondTheWindow_IsNeverComplete()
    {
        Service.OnRequest = async (connection, stream) =>
        {
            await connection.BeginAnswerAsync(stream);
            await connection.DataAsync(stream, [0, 0x7F, 0, 0, 0]);
            await RepeatAsync(8192, () => connection.DataAsync(stream, new byte[16384]));
        };

        // Whether the client has read a part of the answer by then depends on who is faster.
        Assert.That(await EndAsync(), Is.AnyOf("broke off", "sub-service-failed"));
        await AssertServesAsync();

        async Task<string> EndAsync()
        {
            try
            {
                return await CodeAsync(Gateway);
            }
            catch (HttpRequestException)
            {
                return "broke off";
            }
        }
    }
}
