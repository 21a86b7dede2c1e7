using Gateway.Notify;
using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Notify.Presence;
using Gateway.Protocol;
using Google.Protobuf;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gateway.Bench.Micro.Parts;

/// <summary>The hub of a gateway that is the only one, and one socket for each of its users.</summary>
internal sealed class InProcessHub : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly NotifyHub _hub;
    private readonly string[] _users;
    private readonly CountingSocket[] _sockets;
    private readonly CountdownEvent _missing = new(0);

    public InProcessHub(int sockets)
    {
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
            .AddSingleton<ISessionAuthenticator, NoSessions>()
            .AddSingleton<ILoginState, NoSessions>()
            .AddNotifyHub(spansNodes: false)
            .BuildServiceProvider();
        _hub = _services.GetRequiredService<NotifyHub>();
        _users = [.. Enumerable.Range(0, sockets).Select(number => $"user-{number}")];
        _sockets = [.. _users.Select(_ => new CountingSocket(_missing))];
        foreach (var (user, socket) in _users.Zip(_sockets))
        {
            Join(user, socket);
        }
    }

    /// <summary>Tells all, and returns how many bytes they were sent.</summary>
    public async Task<long> PublishAsync(NotifyMessage message)
    {
        var before = _sockets.Sum(socket => socket.Sent);
        _missing.Reset(_sockets.Length);
        var bytes = message.ToByteArray();
        await _hub.PublishAsync(_users, "event", bytes.Length, bytes.CopyTo, CancellationToken.None);
        _missing.Wait();
        return _sockets.Sum(socket => socket.Sent) - before;
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _missing.Dispose();
    }

    private void Join(string user, CountingSocket socket)
    {
        var connection = ActivatorUtilities.CreateInstance<NotifyConnection>(
            _services, socket, false, _services.GetRequiredService<IOptions<NotifyOptions>>().Value);
        connection.Authenticated(new SessionVerdict(user, StoreAnswered: true), $"session of {user}");
        if (!_services.GetRequiredService<IEventBus>().JoinAsync(new JoinRequest(connection), CancellationToken.None).IsCompletedSuccessfully)
        {
            throw new InvalidOperationException("The bus of one process lets sockets in at once.");
        }
    }

    /// <summary>Nobody shows a session here, and nobody leaves.</summary>
    private sealed class NoSessions : ISessionAuthenticator, ILoginState
    {
        public ValueTask<SessionVerdict> FindUserAsync(string sessionId, CancellationToken cancellationToken) => new(new SessionVerdict(null, true));

        public Task ClearMarkerAsync(string userId, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task EndSessionAsync(string sessionId, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
