using Gateway.Proxy.Redis;
using Gateway.Proxy.Sessions;
using Gateway.Tests.Support;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Sessions;

/// <summary>The store as the gateway makes it, with a connection of its own.</summary>
internal sealed class RedisStoreSut : IAsyncDisposable
{
    private readonly string _session;

    public RedisStoreSut(
        string session, string configuration, RecordingLoggerProvider logs, Action<SessionOptions>? configure = null, TimeProvider? time = null)
    {
        _session = session;
        var options = new SessionOptions();
        configure?.Invoke(options);
        Connection = new RedisConnection(
            Options.Create(new RedisOptions { Configuration = configuration }), TimeProvider.System, logs.CreateLogger<RedisConnection>());
        Store = new RedisSessionStore(
            Connection, new SessionKeys(Options.Create(options)), Options.Create(options), time ?? TimeProvider.System, new SessionMetrics(TestMeters.Factory), logs.CreateLogger<RedisSessionStore>());
    }

    public RedisConnection Connection { get; }

    public RedisSessionStore Store { get; }

    public Task<SessionLookup> AskAsync() => AskAsync(_session);

    public Task<SessionLookup> AskAsync(string session, CancellationToken cancellationToken = default) => Store.FindUserAsync(session, cancellationToken).DefaultTimeout();

    public async Task<SessionLookup> AskUntilAnsweredAsync()
    {
        var lookup = SessionLookup.StoreDown;
        await Eventually.That(async () => (lookup = await AskAsync()).StoreAnswered, "the store answers");
        return lookup;
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
