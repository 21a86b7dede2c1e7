using Gateway.Notify.Connections;

namespace Gateway.Notify.Delivery;

/// <summary>The users of one bucket with sockets on this node. Its owner locks it.</summary>
internal sealed class LocalBucket
{
    private readonly Dictionary<string, UserSockets> _users = new(StringComparer.Ordinal);

    public int Count { get; private set; }

    public IEnumerable<NotifyConnection> All => _users.Values.SelectMany(user => user.All);

    public UserSockets? Find(string userId) => _users.GetValueOrDefault(userId);

    /// <summary>Lists a connection, unless this node holds as many of its user as it may.</summary>
    public bool TryAdd(NotifyConnection connection, string predecessor, SeatRules rules, int limit)
    {
        var sockets = Find(connection.UserId);
        if (sockets is not null && !rules.HasRoom(sockets.All, connection, predecessor, limit))
        {
            return false;
        }

        _users[connection.UserId] = sockets ??= new UserSockets();
        sockets.Add(connection);
        Count++;
        return true;
    }

    public void Remove(NotifyConnection connection)
    {
        if (Find(connection.UserId) is { } sockets && sockets.Remove(connection))
        {
            Count--;
            if (sockets.All.Count == 0)
            {
                _users.Remove(connection.UserId);
            }
        }
    }

    public void Kick(string userId, IReadOnlyCollection<string> connectionIds)
    {
        foreach (var connection in Find(userId)?.All.Where(connection => connectionIds.Contains(connection.Id)).ToArray() ?? [])
        {
            Remove(connection);
            connection.Close(Protocol.CloseReason.Replaced);
        }
    }
}
