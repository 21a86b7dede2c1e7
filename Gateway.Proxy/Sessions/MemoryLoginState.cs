using Gateway.Notify.Presence;

namespace Gateway.Proxy.Sessions;

/// <summary>Sessions in memory have no online markers beside them.</summary>
internal sealed class MemoryLoginState(InMemorySessionStore sessions) : ILoginState
{
    public Task ClearMarkerAsync(string userId, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task EndSessionAsync(string sessionId, CancellationToken cancellationToken)
    {
        sessions.Remove(sessionId);
        return Task.CompletedTask;
    }
}
