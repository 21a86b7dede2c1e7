using Gateway.Tests.Support;

namespace Gateway.Tests.Transforms.Upstream;

/// <summary>Pings, those of the peer and our own.</summary>
[TestFixture]
internal sealed class KeepAliveTests : UpstreamTest
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private int _pings;
    private TaskCompletionSource<byte[]> _answered = null!;

    [SetUp]
    public void Watch()
    {
        _pings = 0;
        _answered = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        Use(Settings with { PingInterval = Interval });
        Service.OnConnected = connection =>
        {
            connection.OnFrame = frame =>
            {
                if (frame.Type == Http2FrameType.Ping && (frame.Flags & Http2Bytes.Ack) == 0 && frame.Payload.SequenceEqual(new byte[8]))
                {
                    Interlocked.Increment(ref _pings);
                }
                else if (frame.Type == Http2FrameType.Ping)
                {
                    _answered.TrySetResult(frame.Payload);
                }
            };
            return connection.SettingsAsync();
        };
    }

    [Test]
    public async Task Ping_OfThePeer_IsAnswered()
    {
        byte[] number = [1, 2, 3, 4, 5, 6, 7, 8];
        Service.OnRequest = async (connection, stream) =>
        {
            await connection.WriteAsync(Http2FrameType.Ping, 0, 0, number);
            await connection.AnswerAsync(stream, []);
        };

        await CallAsync().DefaultTimeout();

        Assert.That(await _answered.Task.DefaultTimeout(), Is.EqualTo(number));
    }

    [Test]
    public async Task Interval_WithoutCalls_NoPingGoesOut()
    {
        await CallAsync().DefaultTimeout();
        for (var i = 0; i < 5; i++)
        {
            Time.Advance(Interval);
            Sut.Pool.Tick();
        }

        // Another call goes over the same connection, behind the pings if there were any.
        await CallAsync().DefaultTimeout();
        Assert.That((Volatile.Read(ref _pings), Service.Connections), Is.EqualTo((0, 1)));
    }

    [Test]
    public async Task Complaint_DoublesTheInterval_OfLaterConnectionsToo()
    {
        var gate = Gate();
        Service.OnRequest = async (connection, stream) =>
        {
            if (Service.Connections == 1)
            {
                await connection.GoAwayAsync(last: 0, Http2Error.EnhanceYourCalm);
                return;
            }

            await gate.Task;
            await connection.AnswerAsync(stream, []);
        };
        var call = CallAsync();
        await Eventually.That(() => Service.Requests == 2);

        Time.Advance(Interval + TimeSpan.FromSeconds(1));
        Sut.Pool.Tick();
        await CallsGoAsync();
        Assert.That(Volatile.Read(ref _pings), Is.Zero);
        Time.Advance(Interval * 2);
        Sut.Pool.Tick();

        await Eventually.That(() => Volatile.Read(ref _pings) == 1);
        gate.SetResult();
        await call.DefaultTimeout();

        // Whatever was written before has arrived when a call behind it has.
        async Task CallsGoAsync()
        {
            using var stop = new CancellationTokenSource();
            var requests = Service.Requests;
            var other = CallAsync(stop.Token);
            await Eventually.That(() => Service.Requests == requests + 1);
            await stop.CancelAsync();
            await ((Task)other).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [Test]
    public async Task Ping_Unanswered_EndsTheConnection()
    {
        var onConnected = Service.OnConnected;
        Service.OnConnected = connection =>
        {
            connection.AnswersPings = false;
            return onConnected(connection);
        };
        Service.OnRequest = (_, _) => Task.CompletedTask;
        var call = CallAsync();
        await Eventually.That(() => Service.Requests == 1);

        Time.Advance(Interval);
        Sut.Pool.Tick();
        Time.Advance(Settings.PingTimeout);
        Sut.Pool.Tick();
        Assert.That(call.IsCompleted, Is.False);
        Time.Advance(TimeSpan.FromSeconds(1));
        Sut.Pool.Tick();

        Assert.That((await FailureOf(call)).Message, Does.Contain("ping"));
        await AssertNoneIsLeftAsync();
    }
}
