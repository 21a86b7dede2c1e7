using System.Collections.Concurrent;
using System.IO.Pipelines;
using Gateway.Tests.Support;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Upstream.Http2;
using Gateway.Transforms.Verdicts;
using Gateway.Transforms.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Http2Frame = Gateway.Tests.Support.Http2Frame;

namespace Gateway.Tests.Transforms.Upstream;

/// <summary>The windows of both sides, of streams and of the connection.</summary>
[TestFixture]
internal sealed class WindowTests : UpstreamTest
{
    private const int DefaultWindow = 65535;

    /// <summary>What the gateway lets be sent on a connection beyond that, from its beginning.</summary>
    private const int FirstCredit = (64 << 20) - DefaultWindow;

    private readonly ConcurrentDictionary<(FrameConnection, int), MemoryStream> _uploads = [];

    [SetUp]
    public void Forget() => _uploads.Clear();

    [TestCase(0)]
    [TestCase(1000)]
    [TestCase(1 << 20)]
    public async Task Upload_WindowChangedUnderWay_ArrivesWhole(int window)
    {
        var message = BytesOf(300_000);
        Service.OnConnected = connection =>
        {
            connection.OnFrame = frame =>
            {
                Keep(connection, frame);
                if (frame.Type == Http2FrameType.Data && _uploads[(connection, frame.Stream)].Length == DefaultWindow)
                {
                    // What is left of the window is nothing; now it is less, or more.
                    _ = connection.SettingsAsync((InitialWindow, window));
                }
                else if (frame.Type == Http2FrameType.Settings && (frame.Flags & Http2Bytes.Ack) != 0 && !_uploads.IsEmpty)
                {
                    _ = GrantAsync(connection, 1, 2 * DefaultWindow);
                }
                else if (frame.Type == Http2FrameType.Data && _uploads[(connection, frame.Stream)].Length > DefaultWindow)
                {
                    _ = GrantAsync(connection, frame.Stream, frame.Payload.Length + DefaultWindow);
                }
            };
            return connection.SettingsAsync();
        };

        await CallAsync(message).DefaultTimeout();

        Assert.That(UploadsAsSent(), Is.EqualTo(new[] { message }));
    }

    [Test]
    public async Task Upload_BrokenOffByItsClient_IsCancelledAndHurtsNobody()
    {
        var body = new Pipe();
        var http = new DefaultHttpContext();
        http.Features.Set<IRequestBodyPipeFeature>(new PipedBody(body.Reader));
        await using var rest = new BodyRemainder(
            new RequestBody(http, budget: null), new MessageWalker(MessageFields.None, 1000), 1000, isExact: true, userId: default, TimeProvider.System);
        var reset = Gate();
        Service.OnConnected = connection =>
        {
            connection.OnFrame = frame =>
            {
                if (frame.Type == Http2FrameType.RstStream && frame.ReadError() == Http2Error.Cancel)
                {
                    reset.SetResult();
                }
            };
            return connection.SettingsAsync();
        };
        var call = Sut.CallAsync(RequestOf([], rest), CancellationToken.None).AsTask();

        await body.Writer.WriteAsync(new byte[10]);
        await body.Writer.CompleteAsync();

        Assert.That(() => call.DefaultTimeout(), Throws.InstanceOf<MalformedMessageException>());
        await reset.Task.DefaultTimeout();
        Assert.That(await CallAsync().DefaultTimeout(), Is.Empty);
        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    [Test]
    public async Task Answer_BeforeTheUploadHasEnded_IsReadAndTheUploadIsGivenUp()
    {
        var reset = Gate();
        Service.OnConnected = connection =>
        {
            connection.OnFrame = frame =>
            {
                if (frame.Type == Http2FrameType.Headers && frame.Stream == 1)
                {
                    _ = connection.AnswerAsync(frame.Stream, [7]);
                }
                else if (frame.Type == Http2FrameType.RstStream)
                {
                    reset.SetResult();
                }
            };
            return connection.SettingsAsync();
        };

        Assert.That(await CallAsync(new byte[1 << 20]).DefaultTimeout(), Is.EqualTo(new byte[] { 7 }));
        await reset.Task.DefaultTimeout();
        Assert.That(await CallAsync().DefaultTimeout(), Is.Empty);
        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    [Test]
    public async Task CallsOfThreeMegabytes_ManyAtOnce_ArriveWholeBothWays()
    {
        // A peer that keeps to the windows, unlike the frames of the other tests.
        await using var echo = await StubSubService.StartAsync();
        echo.OnCall = (context, call) => StubSubService.AnswerAsync(context, call.Message.ToArray());
        var sut = new Gateway.Transforms.Upstream.Http2.GrpcInstance(new Uri(echo.Address), Settings with { StreamWindow = DefaultWindow }, Dialer, Time);

        var messages = Enumerable.Range(0, 12).Select(i => BytesOf(3_000_000 + i)).ToArray();
        var answers = await Task.WhenAll(messages.Select(async message => await ReadAsync(await sut.CallAsync(RequestOf(message), CancellationToken.None)))).DefaultTimeout();

        Assert.That(answers.Zip(messages, (answer, message) => answer.AsSpan().SequenceEqual(message)), Has.All.True);
        sut.Pool.Retire();
    }

    [Test]
    public async Task Answer_PaddedBeyondItsWindow_IsCreditedForThePadding()
    {
        const int Window = DefaultWindow;
        const int Pieces = 2000;
        long window = Window;
        Use(Settings with { StreamWindow = Window });
        Service.OnConnected = connection =>
        {
            connection.OnFrame = frame =>
            {
                if (frame.Type == Http2FrameType.WindowUpdate && frame.Stream != 0)
                {
                    Interlocked.Add(ref window, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(frame.Payload));
                }
            };
            return connection.SettingsAsync();
        };
        Service.OnRequest = async (connection, stream) =>
        {
            await connection.BeginAnswerAsync(stream);
            await connection.DataAsync(stream, [0, .. Http2Bytes.Number(Pieces)]);
            window -= GrpcFrame.HeaderBytes;
            for (var i = 0; i < Pieces; i++)
            {
                byte[] payload = [200, 1, .. new byte[200]];
                await Eventually.That(() => Interlocked.Read(ref window) >= payload.Length);
                Interlocked.Add(ref window, -payload.Length);
                await connection.WriteAsync(Http2FrameType.Data, Http2Bytes.Padded, stream, payload);
            }

            await connection.HeadersAsync(stream, isEnd: true, ("grpc-status", "0"));
        };

        Assert.That(await CallAsync().DefaultTimeout(), Has.Length.EqualTo(Pieces));
    }

    [TestCase("read")]
    [TestCase("left unread")]
    [TestCase("reset by the peer")]
    [TestCase("failed")]
    [TestCase("over long before")]
    [TestCase("too long a frame")]
    public async Task Calls_HoweverTheyEnd_LeaveTheWindowOfTheConnectionFull(string how)
    {
        const int Calls = 40;
        const int Length = 1 << 20;
        const int Unsaid = 16 << 20;
        long credit = -FirstCredit;
        long sent = 0;
        Service.OnConnected = connection =>
        {
            connection.OnFrame = frame =>
            {
                if (frame.Type == Http2FrameType.WindowUpdate && frame.Stream == 0)
                {
                    Interlocked.Add(ref credit, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(frame.Payload));
                }
            };
            return connection.SettingsAsync();
        };
        Service.OnRequest = async (connection, stream) =>
        {
            if (how == "over long before")
            {
                await connection.AnswerAsync(stream, []);
            }
            else
            {
                await connection.BeginAnswerAsync(stream);
                await connection.DataAsync(stream, [0, .. Http2Bytes.Number(Length)]);
                Interlocked.Add(ref sent, GrpcFrame.HeaderBytes);
            }

            var pieces = how == "too long a frame"
                ? Http2Bytes.Frame(Http2FrameType.Data, 0, stream, new byte[Length])
                : [.. new byte[Length].Chunk(Http2Bytes.MaxFrame).SelectMany(piece => Http2Bytes.Frame(Http2FrameType.Data, 0, stream, piece))];
            await connection.SendAsync(pieces);
            Interlocked.Add(ref sent, Length);
            if (how == "reset by the peer")
            {
                await connection.ResetStreamAsync(stream, Http2Error.Internal);
            }
            else if (how == "failed")
            {
                await connection.HeadersAsync(stream, isEnd: false, ("grpc-status", "0"));
            }
            else if (how == "read")
            {
                await connection.HeadersAsync(stream, isEnd: true, ("grpc-status", "0"));
            }
        };

        for (var i = 0; i < Calls; i++)
        {
            try
            {
                var answer = await Sut.CallAsync(RequestOf([]), CancellationToken.None).DefaultTimeout();
                if (how == "left unread")
                {
                    await answer.Message.DisposeAsync();
                }
                else
                {
                    await ReadAsync(answer).DefaultTimeout();
                }
            }
            catch (AnswerException)
            {
                // As it should be for most of them.
            }
        }

        await Eventually.That(() => Interlocked.Read(ref sent) >= (long)Calls * Length);
        await Eventually.That(() => Interlocked.Read(ref credit) > Interlocked.Read(ref sent) - Unsaid);
        Assert.That(Interlocked.Read(ref credit), Is.LessThanOrEqualTo(Interlocked.Read(ref sent)));
        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    [Test]
    public async Task Answer_BeyondWhatAConnectionHolds_FailsAlone()
    {
        const int Length = 80 << 20;
        var fed = Gate();
        Service.OnRequest = async (connection, stream) =>
        {
            if (stream > 1)
            {
                await connection.AnswerAsync(stream, [1]);
                return;
            }

            // Its client takes nothing, and the peer minds no window at all.
            await connection.BeginAnswerAsync(stream);
            await connection.DataAsync(stream, [0, .. Http2Bytes.Number(Length)]);
            var piece = Http2Bytes.Frame(Http2FrameType.Data, 0, stream, new byte[Http2Bytes.MaxFrame]);
            for (var sent = 0; sent < Length; sent += Http2Bytes.MaxFrame)
            {
                await connection.SendAsync(piece);
            }

            fed.SetResult();
        };
        var flooded = await Sut.CallAsync(RequestOf([]), CancellationToken.None).DefaultTimeout();

        await fed.Task.DefaultTimeout();
        var failure = await FailureOf(ReadAsync(flooded));

        Assert.That(failure.Message, Does.Contain("64 MiB"));
        Assert.That(await CallAsync().DefaultTimeout(), Is.EqualTo(new byte[] { 1 }));
        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    private static Task GrantAsync(FrameConnection connection, int stream, int bytes) =>
        connection.WriteAsync(Http2FrameType.WindowUpdate, 0, stream, Http2Bytes.Number(bytes));

    private void Keep(FrameConnection connection, Http2Frame frame)
    {
        if (frame.Type == Http2FrameType.Data)
        {
            _uploads.GetOrAdd((connection, frame.Stream), _ => new MemoryStream()).Write(frame.Payload);
        }
    }

    private IEnumerable<byte[]> UploadsAsSent() => _uploads.Values.Select(upload => upload.ToArray()[GrpcFrame.HeaderBytes..]);

    private sealed class PipedBody(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader => reader;
    }
}
