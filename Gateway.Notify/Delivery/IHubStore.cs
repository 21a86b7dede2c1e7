using Gateway.Notify.Connections;
using Gateway.Notify.Protocol;

namespace Gateway.Notify.Delivery;

/// <summary>
/// Numbers the events of each user, keeps the newest for those who resume, and knows who has a seat where. Users fall into buckets, and
/// what happens in one bucket happens one after the other. A store that is out of reach says so in its answers, and never throws for it.
/// </summary>
internal interface IHubStore
{
    /// <summary>How many buckets there are.</summary>
    int Buckets { get; }

    /// <summary>True while events may not reach other nodes.</summary>
    bool IsDegraded { get; }

    /// <summary>Says whose sockets are to be told.</summary>
    void Attach(EventBus bus);

    /// <summary>
    /// Takes an event to all recipients of a bucket: what becomes of it on this node is told to the bus. False when it is not certain to be taken to the sockets
    /// of other nodes.
    /// </summary>
    ValueTask<bool> PublishAsync(int bucket, HubEvent hubEvent, IReadOnlyList<string> recipients);

    /// <summary>Gives a connection a seat by the device policy.</summary>
    ValueTask<JoinAnswer> JoinAsync(int bucket, NotifyConnection connection, string predecessor, FeedPosition? resume);

    /// <summary>
    /// Takes the seat of a connection, if it has one. Answers a departure when there is nothing to wait for: it was the user's last socket, and closed in
    /// good order. This node has taken it on already.
    /// </summary>
    ValueTask<Departure?> LeaveAsync(int bucket, NotifyConnection connection);

    /// <summary>What came after a position; null when the store is out of reach.</summary>
    ValueTask<Missed?> FindMissedAsync(int bucket, string userId, FeedPosition from);

    /// <summary>Who has sockets, anywhere.</summary>
    Task<IReadOnlyList<SocketInfo>> FindAsync(int bucket, string userId, CancellationToken cancellationToken);

    /// <summary>Which of these sockets are their users' or their sessions' newest, on all nodes. None when the store is out of reach.</summary>
    ValueTask<IReadOnlyList<Newest>> FindNewestAsync(int bucket, IReadOnlyList<NotifyConnection> connections);

    /// <summary>Closes sockets of a user on every node: those of one session, or all.</summary>
    Task DisconnectAsync(int bucket, string userId, string? sessionId, CancellationToken cancellationToken);

    /// <summary>Users whose grace for coming back is over.</summary>
    /// <param name="isStopping">This node stops; whoever nobody else would see to is due at once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<IReadOnlyList<DueUser>> FindDueAsync(bool isStopping, CancellationToken cancellationToken);

    /// <summary>Takes one of them on: for a while this node sees to the user, and no other. Null when the user has come back, or another was first.</summary>
    Task<Departure?> ClaimAsync(DueUser user, bool isStopping, CancellationToken cancellationToken);

    /// <summary>Ends a departure. False when the user has come back or left again meanwhile, or another node has seen to it.</summary>
    Task<bool> SettleAsync(Departure departure, CancellationToken cancellationToken);
}

/// <param name="Top">The newest event of the user.</param>
/// <param name="Events">All between a position and that; null when some of it is gone.</param>
internal readonly record struct Missed(FeedPosition Top, IReadOnlyList<NumberedEvent>? Events);

/// <param name="Outcome">Whether there is a seat.</param>
/// <param name="Missed">Where the user's events stand, and what came after the position that was asked for.</param>
/// <param name="IsFirst">The user had no socket anywhere, nor time left for coming back.</param>
internal readonly record struct JoinAnswer(JoinOutcome Outcome, Missed Missed = default, bool IsFirst = false);

internal enum JoinOutcome
{
    Seated,
    Full,
    OutOfReach,
}

/// <summary>What a store tells the node that holds sockets of a user.</summary>
internal abstract record Letter
{
    /// <param name="HubEvent">What happened.</param>
    /// <param name="Recipients">Whom of this node it is for.</param>
    /// <param name="Told">Sockets that have had it already, when it could not be numbered; null for none.</param>
    public sealed record Event(HubEvent HubEvent, IReadOnlyList<Recipient> Recipients, IReadOnlySet<NotifyConnection>? Told = null) : Letter;

    /// <summary>Connections of a user that make room for another.</summary>
    public sealed record Kick(string UserId, IReadOnlyCollection<string> ConnectionIds) : Letter;

    /// <summary>The sockets of one session, or of all where it is null, are to be closed.</summary>
    public sealed record Disconnect(string UserId, string? SessionId) : Letter;
}

/// <param name="UserId">Who is told.</param>
/// <param name="Sequence">The event's place among that user's; 0 where nobody counts.</param>
internal readonly record struct Recipient(string UserId, ulong Sequence);

/// <summary>A socket that is the newest of its user or of its session.</summary>
internal readonly record struct Newest(NotifyConnection Connection, bool OfUser, bool OfSession);

/// <summary>A user whose last socket has been gone for the grace period.</summary>
/// <param name="Bucket">The user's bucket.</param>
/// <param name="UserId">Who has gone.</param>
internal readonly record struct DueUser(int Bucket, string UserId);

/// <summary>Such a user, taken on by this node.</summary>
/// <param name="Bucket">The user's bucket.</param>
/// <param name="UserId">Who has gone.</param>
/// <param name="Sessions">The sessions of the sockets that have left.</param>
/// <param name="Claim">Tells this departure from a later one.</param>
internal sealed record Departure(int Bucket, string UserId, IReadOnlyCollection<string> Sessions, string Claim)
{
    /// <summary>How long the node that has taken it on may take; after that it is due again.</summary>
    public static readonly TimeSpan ClaimLife = TimeSpan.FromSeconds(5);
}
