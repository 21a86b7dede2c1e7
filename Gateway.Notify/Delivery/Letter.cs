using Gateway.Notify.Connections;

namespace Gateway.Notify.Delivery;

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
