namespace Gateway.Proxy.Operations.Admin;

/// <param name="User">Whose sockets the test event went to.</param>
/// <param name="Sockets">How many these were, on all gateways.</param>
/// <param name="Event">The type of the event.</param>
internal sealed record PublishReport(string User, int Sockets, string Event);
