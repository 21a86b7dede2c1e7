using Gateway.Notify.Connections;
using Gateway.Transforms.Identity;

namespace Gateway.Proxy.Hub;

/// <summary>Lets the notify hub look sessions up where the RPC routes do.</summary>
internal sealed class HubSessions(SessionAuthenticator sessions) : ISessionAuthenticator
{
    public async ValueTask<SessionVerdict> FindUserAsync(string sessionId, CancellationToken cancellationToken)
    {
        var found = await sessions.FindUserAsync(sessionId, cancellationToken);
        return new SessionVerdict(found.UserId, found.StoreAnswered);
    }
}
