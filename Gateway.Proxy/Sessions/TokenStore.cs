using Gateway.Proxy.Tokens;
using Gateway.Transforms.Identity;

namespace Gateway.Proxy.Sessions;

/// <summary>Tokens, which say themselves whose they are, and session ids, which a store knows.</summary>
/// <param name="sessions">Knows session ids; null where none are taken.</param>
/// <param name="tokens">Knows tokens.</param>
internal sealed class TokenStore(ISessionStore? sessions, TokenCheck tokens) : ISessionStore
{
    public ISessionStore? Sessions => sessions;

    /// <summary>Starts connecting, so that the first request finds a connection.</summary>
    public void Connect() => tokens.Connect();

    public ISessionStore Source => sessions is null || sessions.Source == sessions ? this : new TokenStore(sessions.Source, tokens);

    public ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken) =>
        // No session id has a dot, where tokens are taken.
        sessionId.Contains('.', StringComparison.Ordinal) ? tokens.CheckAsync(sessionId, cancellationToken)
        : sessions?.FindUserAsync(sessionId, cancellationToken) ?? new(SessionLookup.NotFound);
}
