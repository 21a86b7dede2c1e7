using Gateway.Notify.Connections;

namespace Gateway.Notify.Delivery;

/// <summary>The users of one bucket with sockets on this node. Its owner locks it.</summary>
internal sealed class LocalBucket
{
    /// <summary>Between two turns of a user.</summary>
    private static readonly TimeSpan TurnInterval = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<string, UserSockets> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> _turns = new(StringComparer.Ordinal);
    private int _mostTurns = 64;

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

    /// <summary>How long a user has to wait for a turn, whether he has sockets or not. Each socket waits for one at a time, so the wait has an end.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="now">The time on a clock that only goes forward.</param>
    public TimeSpan TakeTurn(string userId, TimeSpan now)
    {
        if (_turns.Count >= _mostTurns)
        {
            foreach (var (other, _) in _turns.Where(turn => turn.Value <= now).ToArray())
            {
                _turns.Remove(other);
            }

            _mostTurns = 64 + (2 * _turns.Count);
        }

        var turn = _turns.GetValueOrDefault(userId) is var next && next > now ? next : now;
        _turns[userId] = turn + TurnInterval;
        return turn - now;
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
