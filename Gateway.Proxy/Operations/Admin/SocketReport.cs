namespace Gateway.Proxy.Operations.Admin;

/// <summary>One open socket of a user.</summary>
/// <param name="Socket">Its id, unique among all gateways. Not its session.</param>
/// <param name="Node">The gateway that holds it.</param>
/// <param name="Protocol"><c>plain</c> or <c>gateway.notify.v2</c>.</param>
/// <param name="Since">When it was let in.</param>
internal sealed record SocketReport(string Socket, string Node, string Protocol, DateTimeOffset Since);
