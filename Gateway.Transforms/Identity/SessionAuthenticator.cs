namespace Gateway.Transforms.Identity;

/// <summary>
/// Finds the user of a session id that did not come in an RPC request: the same form, the same store, the same refusals. It asks the
/// store itself, past any cache.
/// </summary>
public sealed class SessionAuthenticator
{
    private readonly SessionIdForm _form;
    private readonly ISessionStore _sessions;

    internal SessionAuthenticator(SessionIdForm form, ISessionStore sessions)
    {
        _form = form;
        _sessions = sessions.Source;
    }

    public ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken) =>
        _form.IsSessionId(sessionId) ? _sessions.FindUserAsync(sessionId, cancellationToken) : new(SessionLookup.NotFound);
}
