namespace Gateway.Notify.Presence;

/// <summary>One open socket of a user.</summary>
/// <param name="ConnectionId">Unique among all nodes.</param>
/// <param name="Node">The gateway that holds it.</param>
/// <param name="IsExtended">Whether it speaks gateway.notify.v2.</param>
/// <param name="Since">When it was let in.</param>
public sealed record SocketInfo(string ConnectionId, string Node, bool IsExtended, DateTimeOffset Since);
