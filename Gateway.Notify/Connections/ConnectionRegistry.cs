using System.Collections.Concurrent;
using Gateway.Notify.Protocol;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Connections;

/// <summary>Who is connected to this node.</summary>
internal sealed class ConnectionRegistry(IOptions<NotifyOptions> options)
{
    private readonly ConcurrentDictionary<string, UserConnections> _users = new(StringComparer.Ordinal);

    public IEnumerable<NotifyConnection> Connections => _users.Values.SelectMany(user => user.ToArray());

    /// <summary>Lets an authenticated connection in by the device policy; returns why it is refused, or null.</summary>
    public CloseReason? Add(NotifyConnection connection)
    {
        CloseReason? refusal;
        IReadOnlyList<NotifyConnection> replaced;
        while (!_users.GetOrAdd(connection.UserId, _ => new UserConnections()).TryAdd(connection, options.Value, out refusal, out replaced))
        {
            // The user's last connection left at this very moment; its entry is about to be removed, so the next turn makes a new one.
            Thread.Yield();
        }

        foreach (var old in replaced)
        {
            old.Close(CloseReason.Replaced);
        }

        return refusal;
    }

    public void Remove(NotifyConnection connection)
    {
        if (_users.TryGetValue(connection.UserId, out var user) && user.Remove(connection))
        {
            _users.TryRemove(new KeyValuePair<string, UserConnections>(connection.UserId, user));
        }
    }

    /// <summary>Queues one event for every socket of a user, and returns how many took it.</summary>
    public int Deliver(string userId, ReadOnlyMemory<byte> message) =>
        _users.TryGetValue(userId, out var user) ? user.Deliver(message) : 0;
}
