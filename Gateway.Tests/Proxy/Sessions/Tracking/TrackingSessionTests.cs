using System.Net;
using System.Threading.Channels;
using Gateway.Proxy.Sessions;
using Gateway.Proxy.Sessions.Tracking;
using Gateway.Tests.Support;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Sessions.Tracking;

public sealed class TrackingSessionTests
{
    [Test]
    public async Task Run_LookUpsGoToAnotherServer_EndsAndForgetsAll()
    {
        await using var redis = await RedisProcess.CreateAsync();
        await using var users = await redis.ConnectAsync();
        await users.GetDatabase().StringSetAsync("s1", "alice");
        var (time, options) = (new FakeTimeProvider(), Options.Create(new SessionOptions()));
        var (keys, remembered) = (new SessionKeys(options), new RememberedSessions(options, time));
        var (wanted, stillAsked) = (Channel.CreateUnbounded<string>(), true);
        await using var connection = await TrackingConnection.OpenAsync(new DnsEndPoint("localhost", redis.Port), RedisConnection.Configure(new RedisOptions()), CancellationToken.None).DefaultTimeout();
        await TrackingHandshake.PerformAsync(connection, RedisConnection.Configure(new RedisOptions()), keys, CancellationToken.None).DefaultTimeout();
        using var sut = new TrackingSession(connection, remembered, keys, wanted.Reader, () => Task.FromResult(stillAsked), time);
        var running = sut.RunAsync(CancellationToken.None);
        await wanted.Writer.WriteAsync("s1");
        await Eventually.That(() => remembered.TryFind("s1", out _), "the session is remembered");

        stillAsked = false;
        time.Advance(TimeSpan.FromMilliseconds(250));

        Assert.That(() => running.DefaultTimeout(), Throws.InstanceOf<IOException>().With.Message.EqualTo("Look-ups go to another server."));
        Assert.That((remembered.IsProven, remembered.Count), Is.EqualTo((false, 0)));
    }
}
