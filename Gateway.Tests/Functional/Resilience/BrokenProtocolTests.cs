using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>
/// A sub-service that breaks HTTP/2 or its connections. The client reads one outcome, the gateway closes what is broken, and the next call to
/// the same instance is served. Memory is measured, which is the whole process's.
/// </summary>
[TestFixture]
[Category("Long")]
[NonParallelizable]
internal sealed class BrokenProtocolTests
{
    // Not idempotent, so that the outcome is that of one attempt.
    private const string Path = "/service/user/set_nickname";

    private const Http2Error UnknownError = (Http2Error)(-1);
    private const ushort MaxConcurrentStreams = 3;

    /// <summary>Calls at a time. The client may open a connection for one that finds the others busy, and keeps it.</summary>
    private const int AtOnce = 16;

    private static readonly byte[] Alice = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    private FrameSubService _service = null!;
    private GatewayFixture _gateway = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _service = new FrameSubService();
        _gateway = await StartGatewayAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _service.DisposeAsync();
    }

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
        // RFC 9113 would have it ignored. The HTTP handler does not, and no sub-service is known to send any.
        yield return Case("FrameOfAnUnknownKind", (connection, stream) => connection.WriteAsync(Http2FrameType.Unknown, 0, stream, [1, 2, 3]));
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
        _service.OnRequest = answer;

        Assert.That(await CodeAsync(_gateway), Is.EqualTo(code));

        Assert.That(_gateway.Log.Named("CallFailed"), Has.Count.EqualTo(1));
        await AssertServesAsync();
    }

    public static IEnumerable<TestCaseData> OddAnswers()
    {
        yield return Case("SettingsAgain", (connection, _) => connection.SettingsAsync((MaxConcurrentStreams, 100)));
        yield return Case("Ping", (connection, _) => connection.WriteAsync(Http2FrameType.Ping, 0, 0, new byte[8]));
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
        _service.OnRequest = async (connection, stream) =>
        {
            await before(connection, stream);
            await connection.AnswerAsync(stream, []);
        };

        Assert.That(await CodeAsync(_gateway), Is.Empty);
        await AssertServesAsync();
    }

    [TestCase("closes")]
    [TestCase("speaks HTTP/1.1")]
    [TestCase("goes away")]
    public async Task Connection_IsOfNoUseFromTheStart_IsOneOutcome(string greeting)
    {
        _service.OnConnected = greeting switch
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
        Assert.That(await CodeAsync(_gateway), Is.AnyOf("no-instance", "sub-service-failed"));

        Assert.That(_service.Connections, Is.LessThanOrEqualTo(10), "It is not tried again and again");
        await AssertServesAsync();
    }

    [TestCase(Http2FrameType.Ping)]
    [TestCase(Http2FrameType.Settings)]
    public async Task Connection_IsFloodedBeforeTheAnswer_IsServedOrCutOff(object kind)
    {
        _service.OnRequest = async (connection, stream) =>
        {
            await RepeatAsync(5000, () => connection.WriteAsync((Http2FrameType)kind, 0, 0, (Http2FrameType)kind == Http2FrameType.Ping ? new byte[8] : []));
            await connection.AnswerAsync(stream, []);
        };

        // The HTTP handler bounds what it still has to acknowledge. Whether that is reached depends on who is faster.
        Assert.That(await CodeAsync(_gateway), Is.AnyOf("", "sub-service-failed"));
        await AssertServesAsync();
    }

    [Test]
    public async Task Answer_LargeAndBeyondTheWindow_IsNeverComplete()
    {
        _service.OnRequest = async (connection, stream) =>
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
                return await CodeAsync(_gateway);
            }
            catch (HttpRequestException)
            {
                return "broke off";
            }
        }
    }

    public static IEnumerable<TestCaseData> Storms()
    {
        yield return Case("Resets", (connection, stream) => connection.ResetStreamAsync(stream, Http2Error.Internal), "sub-service-failed");
        yield return Case("ResetsUnread", (connection, stream) => connection.ResetStreamAsync(stream, Http2Error.RefusedStream), "no-instance");
        yield return Case("ResetsOfClosedStreams", async (connection, stream) =>
        {
            await connection.HeadersAsync(stream, isEnd: true, (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "13"));
            await RepeatAsync(100, () => connection.ResetStreamAsync(stream, Http2Error.Cancel));
        }, "sub-service-failed");
        yield return Case("GoAway", (connection, _) => connection.GoAwayAsync(last: 0), "no-instance");
        // From here on, those calls are unsent that come when the connection is about to break.
        yield return Case("GoAwayAgainAndAgain", async (connection, stream) =>
        {
            await RepeatAsync(100, () => connection.GoAwayAsync(stream));
            connection.FinishSending();
        }, "sub-service-failed", "no-instance");
        yield return Case("HalfCloses", (connection, _) => Act(connection.FinishSending), "sub-service-failed", "no-instance");
        yield return Case("Noise", (connection, _) => connection.SendAsync(new byte[1000]), "sub-service-failed", "no-instance");

        static TestCaseData Case(string name, Func<FrameConnection, int, Task> answer, params string[] codes) =>
            new TestCaseData(answer, codes).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Storms))]
    public async Task Storm_HundredsOfCalls_EachIsOneOutcomeAndNothingIsLeft(Func<FrameConnection, int, Task> answer, string[] expected)
    {
        // A connection that stays holds several times as much.
        const int LeftByACall = 8 << 10;
        const int Calls = 200;
        await using var gateway = await StartGatewayAsync(keepsLog: false);
        _service.OnRequest = answer;
        await CallAsync(gateway, Calls);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var codes = await CallAsync(gateway, Calls);

        Assert.That(codes.Distinct(), Is.SubsetOf(expected));
        await Eventually.That(() => _service.OpenConnections <= AtOnce, "No call leaves a connection behind");
        await Eventually.That(() => GC.GetTotalMemory(forceFullCollection: true) - before < Calls * LeftByACall, "memory stays flat");
        await AssertServesAsync(AtOnce + 1);
    }

    [Test]
    public async Task Storm_OfGoAway_AnotherInstanceServesEveryCall()
    {
        await using var other = await StubSubService.StartAsync();
        await using var gateway = await StartGatewayAsync(settings: new()
        {
            ["ReverseProxy:Clusters:user:Destinations:other:Address"] = other.Address,
            ["ReverseProxy:Clusters:user:Metadata:RetryBudgetPercent"] = "100",
            ["ReverseProxy:Clusters:user:Metadata:EjectAfterFailures"] = "1000",
            ["ReverseProxy:Clusters:user:Metadata:EjectAtFailurePercent"] = "100",
        });
        _service.OnRequest = (connection, _) => connection.GoAwayAsync(last: 0);

        Assert.That(await CallAsync(gateway, 200), Has.All.Empty, "Some were being sent when their connection ended");

        Assert.That(_service.Requests, Is.Positive);
        Assert.That(other.Calls, Has.Count.EqualTo(200), "None was made twice");
    }

    /// <summary>The instance behaves again: it is asked at once, and has few connections.</summary>
    private async Task AssertServesAsync(int connections = 2)
    {
        _service.OnConnected = connection => connection.SettingsAsync();
        _service.OnRequest = (connection, stream) => connection.AnswerAsync(stream, []);
        Assert.That(await CodeAsync(_gateway), Is.Empty);
        await Eventually.That(() => _service.OpenConnections <= connections, "No connection is left behind");
    }

    private async Task<GatewayFixture> StartGatewayAsync(bool keepsLog = true, Dictionary<string, string?>? settings = null)
    {
        var gateway = await GatewayFixture.StartAsync(
            _service.Address,
            new(settings ?? []) { ["ReverseProxy:Clusters:user:Metadata:BreakerFailurePercent"] = "0" },
            builder =>
            {
                if (!keepsLog)
                {
                    // It would be what grows.
                    builder.Logging.ClearProviders();
                }
            });
        gateway.Sessions.Set("s-alice", "alice");
        return gateway;
    }

    private static async Task<string[]> CallAsync(GatewayFixture gateway, int count)
    {
        var codes = new string[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) => codes[i] = await CodeAsync(gateway));
        return codes;
    }

    private static async Task<string> CodeAsync(GatewayFixture gateway)
    {
        using var response = await gateway.PostAsync(Path, Alice).DefaultTimeout();
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        return GatewayFixture.ErrorCode(response);
    }

    private static Task Act(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private static async Task RepeatAsync(int times, Func<Task> action)
    {
        for (var i = 0; i < times; i++)
        {
            await action();
        }
    }
}
