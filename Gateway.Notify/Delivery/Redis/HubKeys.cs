using StackExchange.Redis;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>The keys and channels of the hub. All of one user have the same hash tag, so that a cluster keeps them in one slot.</summary>
internal sealed class HubKeys(string prefix)
{
    /// <summary>Sorted set: node -> its last beat, in ms.</summary>
    public RedisKey Nodes { get; } = prefix + "nodes";

    /// <summary>Sorted set: user without sockets -> when the grace for coming back is over, in ms.</summary>
    public RedisKey Departures { get; } = prefix + "departures";

    /// <summary>Set: the users with a socket on a node.</summary>
    public RedisKey UsersOf(string node) => $"{prefix}node:{node}:users";

    /// <summary>Hash: epoch, sequence, bytes kept, extended.</summary>
    public RedisKey Feed(string userId) => User(userId) + "feed";

    /// <summary>Stream: the newest events, their sequence as id.</summary>
    public RedisKey Log(string userId) => User(userId) + "log";

    /// <summary>Hash: connection id -> its seat.</summary>
    public RedisKey Seats(string userId) => User(userId) + "seats";

    /// <summary>Set: the sessions of sockets that have left.</summary>
    public RedisKey LeftSessions(string userId) => User(userId) + "left";

    /// <summary>The channel on which the nodes with a socket of a user hear of it.</summary>
    public string Channel(string userId) => User(userId) + "events";

    /// <summary>String: an event too large to be sent along with each notice of it.</summary>
    public RedisKey Body(Guid eventId) => $"{prefix}body:{eventId:N}";

    private string User(string userId) => $"{prefix}{{{Tag(userId)}}}:";

    /// <summary>A brace in a user id would end the hash tag early.</summary>
    private static string Tag(string userId) =>
        userId.AsSpan().IndexOfAny('{', '}', '%') < 0
            ? userId
            : userId.Replace("%", "%25", StringComparison.Ordinal).Replace("{", "%7B", StringComparison.Ordinal).Replace("}", "%7D", StringComparison.Ordinal);
}
