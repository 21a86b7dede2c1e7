using Microsoft.AspNetCore.Http;

namespace Gateway.Notify.Connections;

/// <summary>Tells the hub whose session a client shows.</summary>
public interface ISessionAuthenticator
{
    /// <summary>Never throws for a store that does not answer; says so in the result.</summary>
    ValueTask<SessionVerdict> FindUserAsync(string sessionId, CancellationToken cancellationToken);

    /// <summary>The session that the headers of an upgrade show.</summary>
    /// <param name="upgrade">The request.</param>
    /// <param name="admitsCookie">Whether it comes from a page that may use cookies.</param>
    /// <param name="sessionId">The session; null for none.</param>
    /// <returns>False when it shows two that differ, or a cookie that it may not use.</returns>
    bool TryRead(HttpRequest upgrade, bool admitsCookie, out string? sessionId)
    {
        sessionId = null;
        return true;
    }
}

/// <summary>Whose session it is.</summary>
/// <param name="UserId">Null when nobody is logged in with it.</param>
/// <param name="StoreAnswered">False when that could not be found out.</param>
public readonly record struct SessionVerdict(string? UserId, bool StoreAnswered)
{
    /// <summary>When it ends by itself; null where only asking tells.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>What it is told from others by, if not by what the client has shown.</summary>
    public string? Name { get; init; }
}
