using System.Net;
using System.Threading.Channels;
using Gateway.Proxy.Sessions;
using Gateway.Proxy.Sessions.Tracking;
using Gateway.Tests.Support;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Sessions.Tracking;

/// <summary>How the life of a tracking connection ends that has not broken.</summary>
[Servers]
public sealed class TrackingSessionTests
{
    private readonly Channel<string> _wanted = Channel.CreateUnbounded<string>();

    private RedisProcess _redis;
    private TcpRelay _relay;
    private FakeTimeProvider _time;
    private RememberedSessions _remembered;
    private TrackingConnection _connection;
    private TrackingSession _sut;
    private bool _stillAsked;

    [SetUp]
    public async Task SetUp()
    {
        _redis = await RedisProcess.CreateAsync();
        _relay = new TcpRelay(_redis.Port);
        await using (var users = await _redis.ConnectAsync())
        {
            await users.GetDatabase().StringSetAsync("s1", "alice");
        }

        var options = Options.Create(new SessionOptions());
        var (keys, settings) = (new SessionKeys(options), RedisConnection.Configure(new RedisOptions()));
        _time = new FakeTimeProvider();
        _remembered = new RememberedSessions(options, _time);
        _stillAsked = true;
        _connection = await TrackingConnection.OpenAsync(new DnsEndPoint("localhost", _relay.Port), settings, CancellationToken.None).DefaultTimeout();
        await TrackingHandshake.PerformAsync(_connection, settings, keys, CancellationToken.None).DefaultTimeout();
        _sut = new TrackingSession(_connection, _remembered, keys, _wanted.Reader, () => Task.FromResult(_stillAsked), _time);
    }

    [TearDown]
    public async Task TearDown()
    {
        _sut.Dispose();
        await _connection.DisposeAsync();
        await _relay.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Test]
    public async Task Run_LookUpsGoToAnotherServer_EndsAndForgetsAll()
    {
        var running = await RememberAsync();

        _stillAsked = false;
        _time.Advance(TimeSpan.FromMilliseconds(250));

        Assert.That(() => running.DefaultTimeout(), Throws.InstanceOf<IOException>().With.Message.EqualTo("Look-ups go to another server."));
        Assert.That((_remembered.IsProven, _remembered.Count), Is.EqualTo((false, 0)));
    }

    [Test]
    public async Task Run_OnlyThisConnectionIsSilent_EndsAndForgetsAll()
    {
        var running = await RememberAsync();

        _relay.Stall();
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(() => running.DefaultTimeout(), Throws.InstanceOf<TimeoutException>().With.Message.EqualTo("Redis does not answer."));
        Assert.That((_remembered.IsProven, _remembered.Count), Is.EqualTo((false, 0)));
    }

    private async Task<Task> RememberAsync()
    {
        var running = _sut.RunAsync(CancellationToken.None);
        await _wanted.Writer.WriteAsync("s1");
        await Eventually.That(() => _remembered.TryFind("s1", out _), "the session is remembered");
        return running;
    }
}
