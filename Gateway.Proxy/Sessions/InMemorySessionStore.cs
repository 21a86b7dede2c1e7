using System.Collections.Concurrent;
using Gateway.Transforms.Identity;

namespace Gateway.Proxy.Sessions;

/// <summary>
/// Sessions in this process's memory, for the demo and for tests: whoever plays the user service in the same
/// process writes them with <see cref="Set"/>. They end with the process.
/// </summary>
public sealed class InMemorySessionStore : ISessionStore
{
    private readonly ConcurrentDictionary<string, string> _users = new(StringComparer.Ordinal);

    /// <summary>Opens a session, or moves it to another user.</summary>
    public void Set(string sessionId, string userId)
    {
        ArgumentException.ThrowIfNullOrEmpty(sessionId);
        ArgumentException.ThrowIfNullOrEmpty(userId);
        _users[sessionId] = userId;
    }

    /// <summary>Ends a session. False when there was none.</summary>
    public bool Remove(string sessionId) => _users.TryRemove(sessionId, out _);

    public ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken) =>
        new(SessionLookup.Of(_users.GetValueOrDefault(sessionId)));
}
