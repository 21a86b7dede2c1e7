namespace Gateway.Proxy.Operations.Admin;

/// <param name="User">Whose sockets were closed.</param>
/// <param name="Closed"><c>all</c>, or those of one <c>session</c>.</param>
/// <param name="OpenBefore">How many sockets the user had, on all gateways.</param>
internal sealed record DisconnectReport(string User, string Closed, int OpenBefore);
