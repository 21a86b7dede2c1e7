using Gateway.Notify.Connections;
using Gateway.Notify.Protocol;

namespace Gateway.Notify.Delivery;

/// <summary>
/// Numbers the events of each user and takes them to that user's sockets, wherever those are; and decides who has a socket. All for one
/// user happens one after the other, so a socket that joins or resumes neither misses nor repeats an event.
/// </summary>
internal interface IEventBus
{
    /// <summary>True while events may not reach other nodes; sockets of this one are still served.</summary>
    bool IsDegraded { get; }

    /// <summary>
    /// Accepts an event. Events accepted one after another reach each recipient in that order. False when it is not certain, or not yet, that the sockets of
    /// other nodes are told.
    /// </summary>
    Task<bool> PublishAsync(IReadOnlyList<string> recipients, HubEvent hubEvent, CancellationToken cancellationToken);

    /// <summary>Tells a user's sockets of this node an event that the other nodes hear of without this one. It has no number.</summary>
    void TellHere(string userId, HubEvent hubEvent);

    /// <summary>Events may have happened that no store knows of: clients that keep count load anew, those that are here now and those that come to resume.</summary>
    void MayHaveMissed();

    /// <summary>Lets a connection in by the device policy; returns why it is refused, or null.</summary>
    Task<CloseReason?> JoinAsync(JoinRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// From now on the connection is told nothing. Its place in the feed stays with it, see <see cref="NotifyConnection.Position"/>. Answers what this node is
    /// to see to at once, see <see cref="IHubStore.LeaveAsync"/>.
    /// </summary>
    Task<Departure?> LeaveAsync(NotifyConnection connection);

    /// <summary>Sends again what came after a position, or says that it is gone.</summary>
    Task ResumeAsync(NotifyConnection connection, FeedPosition from, CancellationToken cancellationToken);

    /// <summary>Who has sockets, anywhere.</summary>
    Task<IReadOnlyList<SocketInfo>> FindAsync(string userId, CancellationToken cancellationToken);

    /// <summary>Which of these sockets are their users' or their sessions' newest, on all nodes.</summary>
    Task<IReadOnlyList<Newest>> FindNewestAsync(IReadOnlyList<NotifyConnection> connections);

    /// <summary>Closes sockets of a user on every node: those of one session, or all.</summary>
    Task DisconnectAsync(string userId, string? sessionId, CancellationToken cancellationToken);
}

/// <summary>What a connection asks for when it joins.</summary>
/// <param name="Connection">It has shown its session.</param>
/// <param name="Predecessor">The id of the connection it takes the place of, or empty.</param>
/// <param name="Resume">Where it was before; null to be told only what comes from now on.</param>
/// <param name="Greeting">Sent ahead of everything else; null for none.</param>
internal sealed record JoinRequest(
    NotifyConnection Connection, string Predecessor = "", FeedPosition? Resume = null, Func<FeedPosition, Outbound>? Greeting = null);
