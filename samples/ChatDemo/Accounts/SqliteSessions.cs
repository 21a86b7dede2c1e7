using ChatDemo.Storage;
using Dapper;
using Gateway.Notify.Presence;
using Gateway.Transforms.Identity;

namespace ChatDemo.Accounts;

/// <summary>
/// Records logins beside the other data, so that a restart logs nobody out, and tells the gateway in the same process whose they are.
/// </summary>
internal sealed class SqliteSessions(Database database, TimeProvider time) : ISessionWriter, ISessionStore, ILoginState
{
    public Task WriteAsync(string sessionId, string userId)
    {
        var now = time.GetUtcNow();
        database.Change(connection => connection.Execute(
            """
            DELETE FROM login_sessions WHERE valid_until <= @now;
            INSERT OR REPLACE INTO login_sessions (session_id, user_id, valid_until) VALUES (@sessionId, @userId, @validUntil);
            """,
            new { sessionId, userId, now = now.ToUnixTimeSeconds(), validUntil = (now + ISessionWriter.Lifetime).ToUnixTimeSeconds() }));
        return Task.CompletedTask;
    }

    public ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken)
    {
        using var connection = database.Open();
        return new(SessionLookup.Of(connection.QuerySingleOrDefault<string>(
            "SELECT user_id FROM login_sessions WHERE session_id = @sessionId AND valid_until > @now",
            new { sessionId, now = time.GetUtcNow().ToUnixTimeSeconds() })));
    }

    public void Remove(string sessionId) =>
        database.Change(connection => connection.Execute("DELETE FROM login_sessions WHERE session_id = @sessionId", new { sessionId }));

    public Task EndSessionAsync(string sessionId, CancellationToken cancellationToken)
    {
        Remove(sessionId);
        return Task.CompletedTask;
    }

    /// <summary>There are no online markers beside these sessions.</summary>
    public Task ClearMarkerAsync(string userId, CancellationToken cancellationToken) => Task.CompletedTask;
}
