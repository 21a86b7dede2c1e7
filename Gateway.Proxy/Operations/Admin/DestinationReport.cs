namespace Gateway.Proxy.Operations.Admin;

/// <param name="Destination">Its id; what drain and undrain take.</param>
/// <param name="Address">Where requests go.</param>
/// <param name="Origin">The etcd key it registered with; for a fixed address the file it is written in, or the kind of source.</param>
/// <param name="Health">YARP's active and passive checks, <c>Unknown</c> where there are none.</param>
/// <param name="Available">It gets requests.</param>
/// <param name="Drained">An operator has taken it out.</param>
/// <param name="RunningRequests">Requests under way.</param>
/// <param name="Calls">Calls on RPC routes that have ended, since the gateway started.</param>
/// <param name="FailedCalls">How many of them failed through no fault of the client.</param>
internal sealed record DestinationReport(
    string Destination, string Address, string Origin, string Health, bool Available, bool Drained, int RunningRequests, long Calls, long FailedCalls);
