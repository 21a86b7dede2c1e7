using System.Collections.Concurrent;
using Gateway.Tests.Support;
using Gateway.Transforms.Verdicts;

namespace Gateway.Tests.Transforms.Upstream;

/// <summary>Calls that are given up. Their places are free when the peer has read that, for until then it counts them.</summary>
[TestFixture]
internal sealed class ResetTests : UpstreamTest
{
    private const int Limit = 2;

    private readonly ConcurrentQueue<byte[]> _pings = [];
    private FrameConnection _connection = null!;
    private TaskCompletionSource _settled = null!;
    private int _resets;

    [SetUp]
    public void HoldCalls()
    {
        _pings.Clear();
        _resets = 0;
        Use(Settings with { MaxConnections = 1 });
        Service.OnRequest = (_, _) => Task.CompletedTask;
        Service.OnConnected = connection =>
        {
            _connection = connection;
            connection.AnswersPings = false;
            connection.OnFrame = OnFrame;
            return connection.SettingsAsync((MaxStreams, Limit));
        };
    }

    [Test]
    public async Task Places_AreFree_WhenThePingBehindTheResetsIsAnswered()
    {
        await GiveUpAllAsync();

        var next = CallAsync();
        await ReadAllAsync();
        Assert.That((Service.Requests, _pings.Count), Is.EqualTo((Limit, 1)), "One ping asks for both, and the peer still counts two calls");
        await _connection.WriteAsync(Http2FrameType.Ping, Http2Bytes.Ack, 0, _pings.Single());

        await Eventually.That(() => Service.Requests == Limit + 1);
        await AnswerAsync(next);
    }

    [Test]
    public async Task Ping_OfAnotherNumber_FreesNoPlace()
    {
        await GiveUpAllAsync();
        var next = CallAsync();

        await _connection.WriteAsync(Http2FrameType.Ping, Http2Bytes.Ack, 0, new byte[8]);
        await ReadAllAsync();

        Assert.That(Service.Requests, Is.EqualTo(Limit));
        Time.Advance(TimeSpan.FromSeconds(1));
        Sut.Pool.Tick();
        await Eventually.That(() => Service.Requests == Limit + 1, "time frees it, where nobody answers");
        await AnswerAsync(next);
    }

    [Test]
    public async Task Ping_AnsweredTwice_FreesNoPlaceOfTheNextOne()
    {
        await GiveUpAllAsync();
        var first = _pings.Single();
        await _connection.WriteAsync(Http2FrameType.Ping, Http2Bytes.Ack, 0, first);
        Service.OnRequest = (connection, stream) => connection.AnswerAsync(stream, []);
        await CallAsync().DefaultTimeout();
        await Eventually.That(() => _pings.Count == 2, "the second of the resets is asked for");
        Service.OnRequest = (_, _) => Task.CompletedTask;
        using var stop = new CancellationTokenSource();
        var held = CallAsync(stop.Token);
        await Eventually.That(() => Service.Requests == Limit + 2);

        await _connection.WriteAsync(Http2FrameType.Ping, Http2Bytes.Ack, 0, first);
        await ReadAllAsync();
        var next = CallAsync();
        await ReadAllAsync();

        Assert.That(Service.Requests, Is.EqualTo(Limit + 2));
        await _connection.WriteAsync(Http2FrameType.Ping, Http2Bytes.Ack, 0, _pings.Last());
        await Eventually.That(() => Service.Requests == Limit + 3);
        await AnswerAsync(next);
        await stop.CancelAsync();
        Assert.That(() => held.DefaultTimeout(), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Pings_ThatNobodyHasAskedFor_DoNotHoldUpTime()
    {
        await GiveUpAllAsync();
        await _connection.WriteAsync(Http2FrameType.Ping, Http2Bytes.Ack, 0, _pings.Single());
        await ReadAllAsync();
        using var stop = new CancellationTokenSource();
        var held = CallAsync(stop.Token);
        var next = CallAsync();
        await Eventually.That(() => Service.Requests == Limit + 1);

        for (var i = 0; i < 2; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(0.6));
            await _connection.WriteAsync(Http2FrameType.Ping, Http2Bytes.Ack, 0, _pings.Single());
            await ReadAllAsync();
        }

        Sut.Pool.Tick();
        await Eventually.That(() => Service.Requests == Limit + 2);
        await AnswerAsync(next);
        await stop.CancelAsync();
        Assert.That(() => held.DefaultTimeout(), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Calls_ThatTheGatewayResetsForTheirAnswers_KeepTheirPlacesToo()
    {
        Service.OnRequest = (connection, stream) => connection.WriteAsync(Http2FrameType.Data, 0, stream, [1]);
        for (var i = 0; i < Limit; i++)
        {
            Assert.That(() => CallAsync().DefaultTimeout(), Throws.InstanceOf<AnswerException>());
        }

        Service.OnRequest = (_, _) => Task.CompletedTask;
        var next = CallAsync();
        await ReadAllAsync();

        Assert.That((Service.Requests, _pings.Count), Is.EqualTo((Limit, 1)));
        await _connection.WriteAsync(Http2FrameType.Ping, Http2Bytes.Ack, 0, _pings.Single());
        await Eventually.That(() => Service.Requests == Limit + 1);
        await AnswerAsync(next);
    }

    [Test]
    public async Task Places_AreFreeAfterTheirTime_AsSoonAsAnotherCallWaits()
    {
        await GiveUpAllAsync();
        var next = CallAsync();
        await ReadAllAsync();
        Assert.That(Service.Requests, Is.EqualTo(Limit));

        Time.Advance(TimeSpan.FromSeconds(1));
        var another = CallAsync();

        await Eventually.That(() => Service.Requests == Limit + 2);
        await _connection.AnswerAsync((2 * Service.Requests) - 3, [7]);
        await AnswerAsync(another);
        Assert.That(await next.DefaultTimeout(), Is.EqualTo(new byte[] { 7 }));
    }

    [Test]
    public async Task Pings_WithNothingOfACallBetween_AreNotSent()
    {
        await GiveUpAllAsync();
        await _connection.WriteAsync(Http2FrameType.Ping, Http2Bytes.Ack, 0, _pings.Single());
        await ReadAllAsync();
        Time.Advance(TimeSpan.FromSeconds(1));
        Sut.Pool.Tick();

        await GiveUpAllAsync();
        Assert.That(_pings, Has.Count.EqualTo(1), "Servers take more for abuse");
        Time.Advance(TimeSpan.FromSeconds(1));
        Sut.Pool.Tick();
        Service.OnRequest = (connection, stream) => connection.AnswerAsync(stream, []);
        await CallAsync().DefaultTimeout();
        Service.OnRequest = (_, _) => Task.CompletedTask;
        await GiveUpAllAsync();

        await Eventually.That(() => _pings.Count == 2);
    }

    [Test]
    public async Task Connection_ThatIsLeft_EndsWithTheLastPlace()
    {
        await GiveUpAllAsync();
        Sut.Pool.Retire();
        Assert.That(Sut.Pool.Connections, Is.EqualTo(1));

        await _connection.WriteAsync(Http2FrameType.Ping, Http2Bytes.Ack, 0, _pings.Single());
        await ReadAllAsync();
        Time.Advance(TimeSpan.FromSeconds(1));
        Sut.Pool.Tick();

        await AssertNoneIsLeftAsync();
    }

    private void OnFrame(Http2Frame frame)
    {
        switch (frame.Type)
        {
            case Http2FrameType.Ping when (frame.Flags & Http2Bytes.Ack) == 0:
                _pings.Enqueue(frame.Payload);
                break;
            case Http2FrameType.RstStream:
                Interlocked.Increment(ref _resets);
                break;
            case Http2FrameType.Settings when (frame.Flags & Http2Bytes.Ack) != 0:
                _settled?.TrySetResult();
                break;
            default:
                break;
        }
    }

    /// <summary>Begins as many calls as the peer allows, and gives them up.</summary>
    private async Task GiveUpAllAsync()
    {
        using var stop = new CancellationTokenSource();
        var (requests, resets) = (Service.Requests, Volatile.Read(ref _resets));
        var calls = Enumerable.Range(0, Limit).Select(_ => CallAsync(stop.Token)).ToArray();
        await Eventually.That(() => Service.Requests == requests + Limit);
        await stop.CancelAsync();
        foreach (var call in calls)
        {
            Assert.That(() => call.DefaultTimeout(), Throws.InstanceOf<OperationCanceledException>());
        }

        await Eventually.That(() => Volatile.Read(ref _resets) == resets + Limit);
        await ReadAllAsync();
    }

    /// <summary>Both sides have read all that the other had sent before.</summary>
    private async Task ReadAllAsync()
    {
        _settled = Gate();
        await _connection.SettingsAsync((MaxStreams, Limit));
        await _settled.Task.DefaultTimeout();
    }

    private async Task AnswerAsync(Task<byte[]> call)
    {
        await _connection.AnswerAsync((2 * Service.Requests) - 1, [7]);
        Assert.That(await call.DefaultTimeout(), Is.EqualTo(new byte[] { 7 }));
    }
}
