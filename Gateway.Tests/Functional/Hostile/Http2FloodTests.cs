using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;
using static Gateway.Tests.Support.Http2Bytes;
using static Gateway.Tests.Support.RawHttp2;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>Floods of frames, each of them allowed. While they last, a client on another connection is served.</summary>
[TestFixture]
internal sealed class Http2FloodTests : Http2Test
{
    private const string HeldPath = "/service/user/set_description";
    private const int MaxStreams = 100;

    private static readonly byte[] Held = new SetUserDescriptionReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    protected override Dictionary<string, string?> Settings => new(base.Settings)
    {
        ["Gateway:Limits:RequestHeadersTimeout"] = "00:00:01",
        ["Gateway:Limits:MinDataRate"] = "1048576",
        ["Gateway:Limits:MinDataRateGrace"] = "00:00:02",
    };

    [SetUp]
    public void HoldTheAttackersCalls()
    {
        var held = new HeldCalls();
        Service.OnCall = (context, call) => call.Path.EndsWith("/GetUserInfo", StringComparison.Ordinal)
            ? StubSubService.AnswerAsync(context, new GetUserInfoRsp { RequestId = "r1", Success = true }.ToByteArray())
            : held.HoldAsync(context);
    }

    [Test]
    public async Task Resets_ByTheThousand_LeaveNoCalls()
    {
        await using var attacker = await AttackAsync();
        var answers = attacker.ReadToEndAsync();

        await FloodAsync(attacker, stream => [.. Request(stream, HeldPath, Held), .. Frame(Http2FrameType.RstStream, 0, stream, Number((int)Http2Error.Cancel))]);

        await Eventually.That(() => Service.OpenCalls == 0);
        Assert.That(Service.MostOpenCalls, Is.LessThanOrEqualTo(5 * MaxStreams), "What has been given up may take the sub-service a moment to notice");
        await attacker.DisposeAsync();
        await answers;
    }

    [Test]
    public async Task Resets_OfAnHonestClient_KeepTheConnection()
    {
        const int Rounds = 10;
        const int AtOnce = 50;
        await using var client = await AttackAsync();
        for (var round = 0; round < Rounds; round++)
        {
            var streams = Enumerable.Range(round * AtOnce, AtOnce).Select(i => (2 * i) + 1).ToArray();
            await client.SendAsync(streams.Select(stream => Request(stream, HeldPath, Held)));
            await Eventually.That(() => Service.OpenCalls == AtOnce);
            await client.SendAsync(streams.Select(stream => Frame(Http2FrameType.RstStream, 0, stream, Number((int)Http2Error.Cancel))));
            await Eventually.That(() => Service.OpenCalls == 0);
        }

        const int Next = (2 * Rounds * AtOnce) + 1;
        await client.SendAsync(Request(Next, GetUserInfoPath, Alice));

        Assert.That((await client.ReadAsync(Http2FrameType.Headers, Next))?.ReadStatus(), Is.EqualTo(200));
    }

    [Test]
    public async Task Streams_BeyondTheAllowed_AreRefused()
    {
        const int Surplus = 50;
        await using var attacker = await AttackAsync();

        await attacker.SendAsync(Enumerable.Range(0, MaxStreams + Surplus).Select(i => Request((2 * i) + 1, HeldPath, Held)));

        for (var i = 0; i < Surplus; i++)
        {
            Assert.That((await attacker.ReadAsync(Http2FrameType.RstStream))?.ReadError(), Is.EqualTo(Http2Error.RefusedStream));
        }

        await Eventually.That(() => Calls.Count == MaxStreams && Service.OpenCalls == MaxStreams);
        await AskOverHttp2Async();
    }

    [Test]
    public async Task Streams_ByTheThousand_ReachTheSubServiceAsFarAsAllowed()
    {
        await using var attacker = await AttackAsync();
        var answers = attacker.ReadToEndAsync();

        await FloodAsync(attacker, stream => Request(stream, HeldPath, Held));

        await attacker.DisposeAsync();
        await answers.DefaultTimeout();
        Assert.That(Calls.Count(call => !call.Path.EndsWith("/GetUserInfo", StringComparison.Ordinal)), Is.LessThanOrEqualTo(MaxStreams));
    }

    [Test]
    public async Task Bodies_CutOffByResets_LeaveNoCalls()
    {
        await using var attacker = await AttackAsync();
        var answers = attacker.ReadToEndAsync();

        await FloodAsync(attacker, stream =>
        [
            .. Frame(Http2FrameType.Headers, EndHeaders, stream, Head(HeldPath, ("content-length", $"{2 * Held.Length}"))),
            .. Frame(Http2FrameType.Data, 0, stream, Held),
            .. Frame(Http2FrameType.RstStream, 0, stream, Number((int)Http2Error.Cancel)),
        ]);

        await attacker.DisposeAsync();
        await answers.DefaultTimeout();
        Assert.That(Calls.Count(call => !call.Path.EndsWith("/GetUserInfo", StringComparison.Ordinal)), Is.Zero, "The sub-service was given a part of a message");
    }

    [Test]
    public async Task Continuations_OfTooManyBytes_EndTheConnection()
    {
        await using var attacker = await AttackAsync();
        var answers = attacker.ReadToEndAsync();
        await attacker.SendAsync(Frame(Http2FrameType.Headers, EndStream, 1, Head(GetUserInfoPath)));
        var more = Frame(Http2FrameType.Continuation, 0, 1, Fields(("x-a", new string('a', 16_000))));

        while (await attacker.TrySendAsync(more))
        {
            await AskOverHttp2Async();
        }

        Assert.That((await answers)[^1].ReadError(), Is.EqualTo(Http2Error.Protocol));
    }

    [Test]
    public async Task Continuations_EmptyWithoutEnd_EndTheConnectionInTime()
    {
        await using var attacker = await AttackAsync();
        var answers = attacker.ReadToEndAsync();
        await attacker.SendAsync(Frame(Http2FrameType.Headers, EndStream, 1, Head(GetUserInfoPath)));
        var empty = Frame(Http2FrameType.Continuation, 0, 1);

        while (await attacker.TrySendAsync(Enumerable.Repeat(empty, 100)))
        {
            await AskOverHttp2Async();
        }

        await answers.DefaultTimeout();
    }

    [Test]
    public async Task HeaderList_TooLarge_Is431()
    {
        await using var attacker = await AttackAsync();

        await attacker.SendAsync(
            Frame(Http2FrameType.Headers, EndStream, 1, Head(GetUserInfoPath)),
            Frame(Http2FrameType.Continuation, 0, 1, Fields(("x-a", new string('a', 16_000)))),
            Frame(Http2FrameType.Continuation, 0, 1, Fields(("x-b", new string('a', 16_000)))),
            Frame(Http2FrameType.Continuation, EndHeaders, 1, Fields(("x-c", new string('a', 16_000)))));

        Assert.That((await attacker.ReadAsync(Http2FrameType.Headers, stream: 1))?.ReadStatus(), Is.EqualTo(431));
    }

    [TestCase(Http2FrameType.Settings, 0)]
    [TestCase(Http2FrameType.Ping, 8)]
    public async Task ControlFrames_ByTheThousand_AreAnswered(Http2FrameType type, int length)
    {
        const int Count = 5000;
        await using var attacker = await AttackAsync();
        var flood = attacker.SendAsync(Enumerable.Repeat(Frame(type, 0, 0, new byte[length]), Count));

        for (var i = 0; i < Count;)
        {
            if (await attacker.ReadAsync(type) is { Flags: Ack })
            {
                i++;
            }
        }

        await flood;
        await AskOverHttp2Async();
    }

    [TestCase(Http2FrameType.Priority, 5)]
    [TestCase(Http2FrameType.Data, 0)]
    [TestCase((Http2FrameType)200, 100)]
    public async Task OtherFrames_ByTheThousand_AreReadPast(Http2FrameType type, int length)
    {
        const int Count = 5000;
        await using var attacker = await AttackAsync();
        await attacker.SendAsync(Frame(Http2FrameType.Headers, EndHeaders, 1, Head(GetUserInfoPath)));

        await attacker.SendAsync(Enumerable.Repeat(Frame(type, 0, 1, new byte[length]), Count));
        await attacker.SendAsync(Frame(Http2FrameType.Data, EndStream, 1, Alice));

        Assert.That((await attacker.ReadAsync(Http2FrameType.Headers, stream: 1))?.ReadStatus(), Is.EqualTo(200));
    }

    [Test]
    public async Task Pings_WhoseAnswersAreNotRead_EndTheConnection()
    {
        await using var attacker = await AttackAsync();
        var pings = Enumerable.Repeat(Frame(Http2FrameType.Ping, 0, 0, new byte[8]), 5000).SelectMany(frame => frame).ToArray();

        while (await attacker.TrySendAsync(pings))
        {
            await AskOverHttp2Async();
        }

        await Eventually.That(() => OpenConnections.Of(Gateway.Urls) == HonestConnections, "the connection is cut");
    }

    [Test]
    public async Task Answers_ForWhichThereIsNoWindow_EndTheConnection()
    {
        Service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true, UserInfo = new UserInfo { Avatar = ByteString.CopyFrom(new byte[30_000]) } });
        // SETTINGS_INITIAL_WINDOW_SIZE = 0
        await using var attacker = await AttackAsync(0, 4, 0, 0, 0, 0);

        await attacker.SendAsync(Enumerable.Range(0, MaxStreams).Select(i => Request((2 * i) + 1, GetUserInfoPath, Alice)));

        Assert.That((await attacker.ReadToEndAsync()).Select(frame => frame.Type), Does.Not.Contain(Http2FrameType.Data));
    }

    /// <summary>Opens streams until there are thousands or the connection has been ended, with an honest call now and then.</summary>
    private async Task FloodAsync(RawHttp2 attacker, Func<int, byte[]> framesOf)
    {
        const int Streams = 3000;
        const int AtOnce = 100;
        for (var sent = 0; sent < Streams; sent += AtOnce)
        {
            if (!await attacker.TrySendAsync(Enumerable.Range(sent, AtOnce).Select(i => framesOf((2 * i) + 1))))
            {
                return;
            }

            if (sent % 1000 == 0)
            {
                await AskOverHttp2Async();
            }
        }
    }
}
