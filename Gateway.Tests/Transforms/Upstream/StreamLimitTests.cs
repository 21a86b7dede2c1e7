using System.Collections.Concurrent;
using Gateway.Tests.Support;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Upstream.Http2;

namespace Gateway.Tests.Transforms.Upstream;

/// <summary>How many calls a peer lets be under way on a connection, and how many connections that makes.</summary>
[TestFixture]
internal sealed class StreamLimitTests : UpstreamTest
{
    private readonly ConcurrentDictionary<FrameConnection, int> _underWay = [];

    [SetUp]
    public void Forget() => _underWay.Clear();

    [TestCase(500, 100, 7)]
    [TestCase(20, 1, 20)]
    public async Task Burst_OnAFreshDestination_KeepsTheLimitOnFewConnections(int calls, int limit, int connections)
    {
        var gate = Gate();
        var come = 0;
        Service.OnConnected = connection => connection.SettingsAsync((MaxStreams, limit));
        Service.OnRequest = async (connection, stream) =>
        {
            _underWay.AddOrUpdate(connection, 1, (_, count) => count + 1);
            if (Interlocked.Increment(ref come) == calls)
            {
                gate.SetResult();
            }

            await gate.Task;
            await connection.AnswerAsync(stream, []);
        };

        await Task.WhenAll(Enumerable.Range(0, calls).Select(_ => CallAsync())).DefaultTimeout();

        Assert.That(_underWay.Values, Has.All.LessThanOrEqualTo(limit));
        Assert.That(Service.Connections, Is.LessThanOrEqualTo(connections));
    }

    [Test]
    public async Task MaxConnections_One_CallsWaitForPlaces()
    {
        Use(Settings with { MaxConnections = 1 });
        Service.OnConnected = connection => connection.SettingsAsync((MaxStreams, 2));

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => CallAsync())).DefaultTimeout();

        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    [Test]
    public async Task Limit_OfNone_IsWaitedForOnOneConnection()
    {
        FrameConnection? first = null;
        Service.OnConnected = connection =>
        {
            first = connection;
            return connection.SettingsAsync((MaxStreams, 0));
        };
        using var deadline = new CancellationTokenSource();
        var calls = Enumerable.Range(0, 150).Select(_ => CallAsync()).ToArray();
        var given = CallAsync(deadline.Token);
        await Eventually.That(() => Sut.Pool.Connections > 0);

        await deadline.CancelAsync();
        Assert.That(() => given.DefaultTimeout(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(calls.Any(call => call.IsCompleted), Is.False);
        await first!.SettingsAsync((MaxStreams, 100));
        await Task.WhenAll(calls).DefaultTimeout();

        // The calls asked for two before anything was known.
        Assert.That(Service.Connections, Is.LessThanOrEqualTo(3));
    }

    [Test]
    public async Task Limit_LoweredAndRaised_HoldsFromThenOn()
    {
        var gate = Gate();
        List<FrameConnection> connections = [];
        Service.OnConnected = connection =>
        {
            connections.Add(connection);
            return connection.SettingsAsync((MaxStreams, 10));
        };
        Service.OnRequest = async (connection, stream) =>
        {
            await gate.Task;
            await connection.AnswerAsync(stream, []);
        };
        Use(Settings with { MaxConnections = 1 });
        var early = Enumerable.Range(0, 3).Select(_ => CallAsync()).ToArray();
        await Eventually.That(() => Service.Requests == 3);

        await ApplyAsync(connections[0], 1);
        var late = CallAsync();
        await ((Task)CallAsync(new CancellationToken(canceled: true))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.That(Service.Requests, Is.EqualTo(3));
        await ApplyAsync(connections[0], 4);
        await Eventually.That(() => Service.Requests == 4);
        gate.SetResult();

        await Task.WhenAll([.. early, late]).DefaultTimeout();
        Assert.That(Service.Connections, Is.EqualTo(1));
    }

    [Test]
    public async Task Streams_UsedUp_GoOnOnAnotherConnection()
    {
        const int NextToLast = int.MaxValue - 2;
        var sut = new LateInstance(new Uri(Service.Address), NextToLast, Time);
        ConcurrentQueue<int> streams = [];
        Service.OnRequest = (connection, stream) =>
        {
            streams.Enqueue(stream);
            return connection.AnswerAsync(stream, []);
        };

        for (var i = 0; i < 5; i++)
        {
            await ReadAsync(await sut.CallAsync(RequestOf([]), CancellationToken.None));
        }

        Assert.That(streams, Is.EqualTo(new[] { NextToLast, int.MaxValue, NextToLast, int.MaxValue, NextToLast }));
        await Eventually.That(() => Service.OpenConnections == 1);
        sut.Pool.Retire();
    }

    /// <summary>Sends settings, and waits until they hold.</summary>
    private static async Task ApplyAsync(FrameConnection connection, int limit)
    {
        var applied = Gate();
        connection.OnFrame = frame =>
        {
            if (frame.Type == Http2FrameType.Settings)
            {
                applied.TrySetResult();
            }
        };
        await connection.SettingsAsync((MaxStreams, limit));
        await applied.Task.DefaultTimeout();
    }

    /// <summary>An instance whose connections begin with a late stream.</summary>
    private sealed class LateInstance(Uri address, int firstStream, TimeProvider time) : UpstreamInstance(address, UpstreamTest.Settings, time)
    {
        protected override async Task<UpstreamConnection> ConnectAsync(CancellationToken cancellationToken)
        {
            var stream = await UpstreamTest.Dialer.ConnectAsync(Address, Settings, [], cancellationToken);
            var connection = new Http2Connection(stream, new RequestHeaders(Address), Settings, new PingInterval(null), Time, firstStream);
            connection.Start(Pool.Changed);
            await connection.Greeted.WaitAsync(cancellationToken);
            return connection;
        }

        protected override ValueTask<Answer> OpenAsync(UpstreamCall call, Func<HttpResponseMessage, ValueTask<bool>>? onHeader, CancellationToken cancellationToken) =>
            GrpcAnswer.OpenAsync((Http2Call)call, onHeader, cancellationToken);
    }
}
