using Gateway.Tests.Support;

namespace Gateway.Tests.Transforms.Upstream;

/// <summary>
/// A sub-service that floods a connection while calls are under way on it. As long as what it sends can be read no other call is lost, and
/// memory stays flat.
/// </summary>
[TestFixture]
[NonParallelizable] // Memory is the process's.
internal sealed class FloodTests : UpstreamTest
{
    private const int Others = 10;
    private const int Frames = 10_000;
    private const long MostKept = 16 << 20;

    private static readonly byte[] Interim = Http2Bytes.Fields((":status", "103"), ("link", "</style.css>; rel=preload"));

    private static IEnumerable<TestCaseData> Readable()
    {
        // By the stream of a call that goes on, and the one before it. The first stream has ended.
        yield return Case("pings", _ => Http2Bytes.Frame(Http2FrameType.Ping, 0, 0, new byte[8]));
        yield return Case("answers to pings", _ => Http2Bytes.Frame(Http2FrameType.Ping, Http2Bytes.Ack, 0, new byte[8]));
        yield return Case("settings", _ => Http2Bytes.Frame(Http2FrameType.Settings, 0, 0));
        yield return Case("settings of windows", _ => Http2Bytes.Frame(Http2FrameType.Settings, 0, 0, 0, 4, 0x7F, 0xFF, 0xFF, 0xFF, 0, 4, 0, 0, 0xFF, 0xFF));
        yield return Case("answers to settings", _ => Http2Bytes.Frame(Http2FrameType.Settings, Http2Bytes.Ack, 0));
        yield return Case("resets", _ => Http2Bytes.Frame(Http2FrameType.RstStream, 0, 1, 0, 0, 0, 8));
        yield return Case("resets of a call", stream => Http2Bytes.Frame(Http2FrameType.RstStream, 0, stream, 0, 0, 0, 2));
        yield return Case("empty data", _ => Http2Bytes.Frame(Http2FrameType.Data, 0, 1));
        yield return Case("empty data of a call", stream => Http2Bytes.Frame(Http2FrameType.Data, 0, stream));
        yield return Case("bytes of data", _ => Http2Bytes.Frame(Http2FrameType.Data, 0, 1, 7));
        yield return Case("padding", _ => Http2Bytes.Frame(Http2FrameType.Data, Http2Bytes.Padded, 1, [255, .. new byte[255]]));
        yield return Case("windows", _ => Http2Bytes.Frame(Http2FrameType.WindowUpdate, 0, 0, 0, 0, 0, 1));
        yield return Case("windows of a call", stream => Http2Bytes.Frame(Http2FrameType.WindowUpdate, 0, stream, 0, 1, 0, 0));
        yield return Case("windows of none", stream => Http2Bytes.Frame(Http2FrameType.WindowUpdate, 0, stream, 0, 0, 0, 0));
        yield return Case("what nobody knows", _ => Http2Bytes.Frame(Http2FrameType.Unknown, 255, 12345, new byte[100]));
        yield return Case("priorities", stream => Http2Bytes.Frame(Http2FrameType.Priority, 0, stream, 0, 0, 0, 1, 2));
        yield return Case("headers", _ => Http2Bytes.Frame(Http2FrameType.Headers, Http2Bytes.EndHeaders, 1, Interim));
        yield return Case("headers of a call", stream => Http2Bytes.Frame(Http2FrameType.Headers, Http2Bytes.EndHeaders, stream, Interim));
        yield return Case("endless fields", stream => Http2Bytes.Frame(Http2FrameType.Headers, Http2Bytes.EndHeaders, stream, [0x40, .. Http2Bytes.Fields(("grpc-message", new string('m', 3000)))[1..], .. Enumerable.Repeat((byte)0xBE, 10_000)]), 500);
        yield return Case("long data", _ => Http2Bytes.Frame(Http2FrameType.Data, 0, 1, new byte[100_000]), 500);
        yield return Case("farewells", _ => Http2Bytes.Frame(Http2FrameType.GoAway, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 11));
    }

    private static IEnumerable<TestCaseData> Unreadable()
    {
        yield return Ending("a header without an end", stream => Http2Bytes.Frame(Http2FrameType.Headers, 0, stream, new byte[100]), Http2Bytes.Frame(Http2FrameType.Continuation, 0, 0, [0, 0, 127, 200, 255, 255, 7]));
        yield return Ending("a long frame", stream => Http2Bytes.Frame(Http2FrameType.Headers, Http2Bytes.EndHeaders, stream, new byte[20_000]));
        yield return Ending("no HPACK", stream => Http2Bytes.Frame(Http2FrameType.Headers, Http2Bytes.EndHeaders, stream, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF));
        yield return Ending("a push", stream => Http2Bytes.Frame(Http2FrameType.PushPromise, Http2Bytes.EndHeaders, stream, 0, 0, 0, 2));
        yield return Ending("a stream of its own", _ => Http2Bytes.Frame(Http2FrameType.Data, 0, 2, 1));
        yield return Ending("another protocol", _ => [.. Enumerable.Repeat((byte)'x', 1000)]);
    }

    [TestCaseSource(nameof(Readable))]
    public async Task Flood_ThatCanBeRead_LosesNoOtherCall(Func<int, byte[]> frameOf, int frames)
    {
        var flooded = Gate();
        Service.OnRequest = (connection, stream) => FloodAsync(connection, stream, async () =>
        {
            var burst = Enumerable.Repeat(frameOf(stream), Math.Min(frames, 100)).SelectMany(frame => frame).ToArray();
            for (var sent = 0; sent < frames; sent += 100)
            {
                await connection.SendAsync(burst);
            }

            flooded.SetResult();
        });
        using var stop = new CancellationTokenSource();
        await CallAsync().DefaultTimeout();
        var kept = GC.GetTotalMemory(forceFullCollection: true);
        var others = await BeginAsync();
        var victim = CallAsync(stop.Token);

        var answers = await Task.WhenAll(others).DefaultTimeout();
        await flooded.Task.DefaultTimeout();
        await stop.CancelAsync();
        await ((Task)victim).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        Assert.That(answers, Has.All.EqualTo(new byte[] { 1 }));
        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - kept, Is.LessThan(MostKept));
        Assert.That(await CallAsync().DefaultTimeout(), Is.Empty);
    }

    [TestCaseSource(nameof(Unreadable))]
    public async Task Flood_ThatCannotBeRead_EndsTheConnectionAlone(Func<int, byte[]> frameOf, byte[]? endless)
    {
        var isFlooded = false;
        Service.OnRequest = (connection, stream) => FloodAsync(connection, stream, async () =>
        {
            if (isFlooded)
            {
                return;
            }

            isFlooded = true;
            await connection.SendAsync(frameOf(stream));
            for (var i = 0; endless is not null && i < 1 << 20; i++)
            {
                endless[8] = (byte)stream;
                await connection.SendAsync(endless);
            }
        });
        await CallAsync().DefaultTimeout();
        var kept = GC.GetTotalMemory(forceFullCollection: true);
        var others = await BeginAsync();
        var victim = CallAsync();
        if (endless is not null)
        {
            await Eventually.That(() => isFlooded);
            Time.Advance(TimeSpan.FromSeconds(1));
            await Eventually.That(() =>
            {
                Time.Advance(TimeSpan.FromSeconds(2));
                Sut.Pool.Tick();
                return victim.IsCompleted;
            });
        }

        await FailureOf(victim);
        foreach (var other in others)
        {
            await FailureOf(other);
        }

        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - kept, Is.LessThan(MostKept));
        Service.OnRequest = (connection, stream) => connection.AnswerAsync(stream, []);
        Assert.That(await CallAsync().DefaultTimeout(), Is.Empty);
    }

    [Test]
    public async Task StatusesByTheThousand_OfAFewBytes_CostNoMemory()
    {
        // An entry of the table, and then indexes that name it.
        byte[] status = [0x40, .. Http2Bytes.Fields(("grpc-status", new string('1', 3900)))[1..]];
        byte[] message = [0x40, .. Http2Bytes.Fields(("grpc-message", new string('m', 3900)))[1..]];
        Service.OnRequest = async (connection, stream) =>
        {
            await connection.BeginAnswerAsync(stream);
            await connection.WriteAsync(Http2FrameType.Headers, Http2Bytes.EndStream, stream, stream == 1 ? status : message);
            for (var i = 0; i < 10; i++)
            {
                await connection.WriteAsync(Http2FrameType.Continuation, 0, stream, [.. Enumerable.Repeat((byte)(0x80 | 62), Http2Bytes.MaxFrame)]);
            }

            await connection.WriteAsync(Http2FrameType.Continuation, Http2Bytes.EndHeaders, stream, []);
        };
        var before = GC.GetTotalAllocatedBytes();

        await FailureOf(CallAsync());
        await FailureOf(CallAsync());

        // Kept one by one, they would come to 640 MB; other parts of the process may allocate a little meanwhile.
        Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(128 << 20));
    }

    [Test]
    public async Task Drip_ByteByByte_IsReadAllTheSame()
    {
        var header = Http2Bytes.Fields((":status", "200"), ("content-type", "application/grpc"));
        Service.OnRequest = async (connection, stream) =>
        {
            byte[] answer =
            [
                .. Http2Bytes.Frame(Http2FrameType.Headers, Http2Bytes.EndHeaders, stream, header),
                .. Http2Bytes.Frame(Http2FrameType.Data, 0, stream, StubSubService.Frame([1])),
                .. Http2Bytes.Frame(Http2FrameType.Headers, Http2Bytes.EndHeaders | Http2Bytes.EndStream, stream, Http2Bytes.Fields(("grpc-status", "0"))),
            ];
            foreach (var next in answer)
            {
                await connection.SendAsync([next]);
            }
        };

        for (var i = 0; i < Others; i++)
        {
            Assert.That(await CallAsync().DefaultTimeout(), Is.EqualTo(new byte[] { 1 }));
        }
    }

    private static TestCaseData Case(string name, Func<int, byte[]> frameOf, int frames = Frames) => new TestCaseData(frameOf, frames).SetArgDisplayNames(name);

    private static TestCaseData Ending(string name, Func<int, byte[]> frameOf, byte[]? endless = null) => new TestCaseData(frameOf, endless).SetArgDisplayNames(name);

    /// <summary>Answers the first call at once, and the others when all have come and the last one has been answered by a flood.</summary>
    private async Task FloodAsync(FrameConnection connection, int stream, Func<Task> flood)
    {
        const int Last = 3 + (2 * Others);
        switch (stream)
        {
            case Last:
                await flood();
                for (var other = 3; other < Last; other += 2)
                {
                    await connection.AnswerAsync(other, [1]);
                }

                break;
            case 1 or > Last:
                await connection.AnswerAsync(stream, []);
                break;
        }
    }

    private async Task<Task<byte[]>[]> BeginAsync()
    {
        var others = Enumerable.Range(0, Others).Select(_ => CallAsync()).ToArray();
        await Eventually.That(() => Service.Requests == 1 + Others);
        return others;
    }
}
