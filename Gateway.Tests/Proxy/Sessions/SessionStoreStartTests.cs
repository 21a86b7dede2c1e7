using Gateway.Notify;
using Gateway.Proxy.Redis;
using Gateway.Proxy.Sessions;
using Gateway.Tests.Proxy.Hosting;
using Gateway.Tests.Support;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Sessions;

public sealed class SessionStoreStartTests
{
    [TestCase(LastDisconnect.ClearMarker, "read any key")]
    [TestCase(LastDisconnect.Logout, "read, and have removed, any key")]
    public async Task Start_KeysWithoutPrefix_IsToldWithItsCure(LastDisconnect last, string can)
    {
        var told = (await StartAsync("{session_id}", last)).Named("SessionKeysUnprotected").Single();

        Assert.That(told.Message, Does.Contain(can).And.Contain("Set Gateway:Sessions:KeyPattern to 'session:{session_id}'"));
    }

    [Test]
    public async Task Start_KeysWithPrefix_SaysNothing() => Assert.That((await StartAsync("session:{session_id}")).Entries, Is.Empty);

    [Test]
    public async Task Start_SessionsInMemory_SaysNothing() =>
        Assert.That((await StartAsync("{session_id}", store: new InMemorySessionStore())).Entries, Is.Empty);

    [TestCase("deploy/base/settings.env")]
    [TestCase("README.md", Description = "docker run")]
    public void ShippedSettings_HaveThePrefix(string file) =>
        Assert.That(File.ReadAllText(Path.Combine(RepositoryFolder.Path, file)), Does.Contain("Gateway__Sessions__KeyPattern=session:{session_id}"));

    private static async Task<RecordingLoggerProvider> StartAsync(string pattern, LastDisconnect last = LastDisconnect.Logout, ISessionStore? store = null)
    {
        var logs = new RecordingLoggerProvider();
        var options = Options.Create(new SessionOptions { KeyPattern = pattern });
        await using var connection = new RedisConnection(
            Options.Create(new RedisOptions { Configuration = $"127.0.0.1:{LoopbackPort.Free()}" }), TimeProvider.System, logs.CreateLogger<RedisConnection>());
        store ??= new RedisSessionStore(
            connection, new SessionKeys(options), options, TimeProvider.System, new SessionMetrics(TestMeters.Factory), logs.CreateLogger<RedisSessionStore>());
        await new SessionStoreStart(store, options, Options.Create(new NotifyOptions { OnLastDisconnect = last }), logs.CreateLogger<SessionStoreStart>())
            .StartAsync(CancellationToken.None);
        return logs;
    }
}
