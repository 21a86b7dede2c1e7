using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Gateway.Notify;
using Gateway.Notify.Connections;
using Gateway.Notify.Protocol;
using Gateway.Notify.Takeover;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Notify.Upkeep;

/// <summary>What one loop does for all sockets: it pings the silent ones, gives up those that do not answer, and those that never show a session.</summary>
[TestFixture]
internal sealed class SocketWatchTests
{
    private static readonly byte[] Ping = [RawSocket.Fin | RawSocket.Ping, 0];

    private readonly NotifyOptions _options = new();
    private CountingTime _time = null!;
    private ServiceProvider _services = null!;
    private TcpClient _client = null!;
    private Socket _server = null!;
    private WebSocket _socket = null!;
    private NotifyConnection _sut = null!;
    private Listener _listener = null!;
    private Task<CloseReason> _running = null!;

    [SetUp]
    public async Task SetUp()
    {
        _time = new CountingTime();
        _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        _client = new TcpClient();
        await _client.ConnectAsync((IPEndPoint)port.LocalEndpoint).DefaultTimeout();
        _server = await port.AcceptSocketAsync().DefaultTimeout();
        var bare = new TransportStream(new Connection(_server), new SocketOutput(_server));
        _socket = bare.Socket = WebSocket.CreateFromStream(bare, new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = Timeout.InfiniteTimeSpan });
        _sut = new NotifyConnection(_socket, isExtended: false, _options, ActivatorUtilities.CreateInstance<NotifyMetrics>(_services), _time, bare);
        _listener = new Listener();
        _running = _sut.RunAsync(_listener);
    }

    [TearDown]
    public async Task TearDown()
    {
        _client.Dispose();
        await _running.DefaultTimeout();
        _running.Dispose();
        _sut.Dispose();
        _server.Dispose();
        await _services.DisposeAsync();
    }

    [Test]
    public async Task LookAfter_SilentForTheInterval_PingsOnce()
    {
        _sut.LetIn();

        LookAfter(_options.PingInterval - TimeSpan.FromSeconds(1));
        LookAfter(TimeSpan.FromSeconds(1));
        LookAfter(_options.PingTimeout - TimeSpan.FromSeconds(1));
        _sut.Close(CloseReason.GoingAway);

        Assert.That(await ReadAsync(2), Is.EqualTo(Ping));
        Assert.That((await ReadAsync(1))[0], Is.EqualTo(RawSocket.Fin | RawSocket.Close), "and nothing in between");
    }

    [Test]
    public async Task LookAfter_NotYetSilentForTheInterval_DoesNotPing()
    {
        _sut.LetIn();

        LookAfter(_options.PingInterval - TimeSpan.FromSeconds(1));
        _sut.Close(CloseReason.GoingAway);

        Assert.That((await ReadAsync(1))[0], Is.EqualTo(RawSocket.Fin | RawSocket.Close));
    }

    [Test]
    public async Task LookAfter_PingIsAnswered_PingsAnewAfterTheInterval()
    {
        _sut.LetIn();
        for (var round = 1; round <= 3; round++)
        {
            LookAfter(_options.PingInterval);
            Assert.That(await ReadAsync(2), Is.EqualTo(Ping));

            // The message behind it shows that the pong has been read.
            await SendAsync([.. RawSocket.Frame(RawSocket.Fin | RawSocket.Pong, []), .. RawSocket.Frame(RawSocket.Fin | RawSocket.Binary, [1])]);
            await _listener.HasHeardAsync(round);
            LookAfter(_options.PingTimeout);
        }

        Assert.That(_sut.Closing, Is.Null);
    }

    [Test]
    public async Task LookAfter_PingIsNotAnswered_GivesTheClientUp()
    {
        _sut.LetIn();
        LookAfter(_options.PingInterval);

        LookAfter(_options.PingTimeout);

        Assert.That(await _running.DefaultTimeout(), Is.EqualTo(CloseReason.ClientClosed));
        Assert.That(await ReadAsync(2), Is.EqualTo(Ping));
        Assert.That(async () => await ReadAsync(1), Throws.InstanceOf<IOException>(), "the connection is cut");
    }

    [Test]
    public void LookAfter_SessionNotShownInTime_Closes()
    {
        LookAfter(_options.AuthenticationTimeout - TimeSpan.FromSeconds(1));
        Assert.That(_sut.Closing, Is.Null);

        LookAfter(TimeSpan.FromSeconds(1));

        Assert.That(_sut.Closing, Is.EqualTo(CloseReason.AuthenticationTimeout));
    }

    [Test]
    public void LookAfter_IdleAndPinged_MakesNoTimer()
    {
        _sut.LetIn();
        LookAfter(_options.PingInterval);

        Assert.That(_time.Timers, Is.Zero);
    }

    [Test]
    public async Task Hub_SilentSocketOfTheWebSocketPort_IsPingedByTheLoop_AndGivenUp()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var hub = await HubFixture.StartAsync(configure: builder => builder.Services.AddSingleton<TimeProvider>(time));
        using var socket = await RawSocket.OpenAsync(hub.WebSocketPort);
        await socket.JoinAsync("s-alice");
        await Eventually.That(() => hub.SocketsOf("alice") == 1);

        var reading = socket.ReadAsync();
        await Eventually.That(() => PassUntil(reading.IsCompleted), "it is pinged, by a clock that only this test moves");
        Assert.That(await reading, Is.EqualTo((RawSocket.Fin | RawSocket.Ping, Array.Empty<byte>())));
        await Eventually.That(() => PassUntil(hub.SocketsOf("alice") == 0), "nobody has answered");

        bool PassUntil(bool isOver)
        {
            time.Advance(isOver ? TimeSpan.Zero : TimeSpan.FromSeconds(1));
            return isOver;
        }
    }

    private void LookAfter(TimeSpan passed)
    {
        _time.Advance(passed);
        _sut.LookAfter();
    }

    private Task SendAsync(byte[] bytes) => _client.GetStream().WriteAsync(bytes).AsTask().DefaultTimeout();

    private async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        await _client.GetStream().ReadExactlyAsync(bytes).AsTask().DefaultTimeout();
        return bytes;
    }

    private sealed class CountingTime : FakeTimeProvider
    {
        public int Timers { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers++;
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }

    /// <summary>Takes every message.</summary>
    private sealed class Listener : IConversation
    {
        private int _heard;

        public bool IsJoined => true;

        public ValueTask<CloseReason?> OnMessageAsync(ReadOnlyMemory<byte> message)
        {
            Interlocked.Increment(ref _heard);
            return default;
        }

        public Task HasHeardAsync(int count) => Eventually.That(() => Volatile.Read(ref _heard) == count);
    }

    /// <summary>A connection as the server has it.</summary>
    private sealed class Connection : DefaultConnectionContext
    {
        private readonly Socket _socket;

        public Connection(Socket socket)
        {
            _socket = socket;
            Transport = new Pipes(PipeReader.Create(new NetworkStream(socket)), PipeWriter.Create(new NetworkStream(socket)));
        }

        public override void Abort(ConnectionAbortedException abortReason) => _socket.Dispose();
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
