using Gateway.Notify.Connections;

namespace Gateway.Notify.Delivery;

/// <summary>What a connection asks for when it joins.</summary>
/// <param name="Connection">It has shown its session.</param>
/// <param name="Predecessor">The id of the connection it takes the place of, or empty.</param>
/// <param name="Resume">Where it was before; null to be told only what comes from now on.</param>
/// <param name="Greeting">Sent ahead of everything else; null for none.</param>
internal sealed record JoinRequest(
    NotifyConnection Connection, string Predecessor = "", FeedPosition? Resume = null, Func<FeedPosition, Outbound>? Greeting = null);
