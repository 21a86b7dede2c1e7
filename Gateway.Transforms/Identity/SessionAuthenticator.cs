using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gateway.Transforms.Routes;
using Microsoft.AspNetCore.Http;

namespace Gateway.Transforms.Identity;

/// <summary>
/// Finds the user of a session id or token that did not come in an RPC request: the same form, the same store, the same refusals. It asks the
/// store itself, past any cache.
/// </summary>
public sealed class SessionAuthenticator
{
    /// <summary>No session id begins like that: where tokens are taken, it has no dot.</summary>
    private const string TokenPrefix = "jwt.";

    private const int HashLength = 16;

    private readonly SessionIdForm _form;
    private readonly SessionSources _sources;
    private readonly ISessionStore _sessions;

    internal SessionAuthenticator(SessionIdForm form, SessionSources sources, ISessionStore sessions)
    {
        _form = form;
        _sources = sources;
        _sessions = sessions.Source;
    }

    public ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken) =>
        _form.IsSessionId(sessionId) ? _sessions.FindUserAsync(sessionId, cancellationToken) : new(SessionLookup.NotFound);

    /// <summary>What the headers of a request show, where <c>Gateway:Sessions:Sources</c> lets them.</summary>
    /// <param name="request">The request.</param>
    /// <param name="admitsCookie">Whether it comes from a page that may use cookies.</param>
    /// <param name="session">The session or token; null for none.</param>
    /// <returns>False when it shows two that differ, or a cookie that it may not use.</returns>
    public bool TryRead(HttpRequest request, bool admitsCookie, out string? session)
    {
        ArgumentNullException.ThrowIfNull(request);
        var shown = ShownSession.Read(request, _sources, () => admitsCookie);
        session = shown.Session;
        return shown.Problem is null;
    }

    /// <summary>What a session is called where it is only told from others: a session id by itself, a token by what nobody can log in with.</summary>
    public string NameOf(string session) => _form.IsToken(session)
        ? TokenPrefix + Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(session)).AsSpan(0, HashLength))
        : session;

    /// <summary>Whether a name is that of a token.</summary>
    public static bool IsTokenName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith(TokenPrefix, StringComparison.Ordinal);
    }
}
