namespace Gateway.Proxy.Operations.Admin;

/// <param name="Destination">Its id; what drain and undrain take.</param>
/// <param name="Address">Where requests go.</param>
/// <param name="Origin">The etcd key it registered with, or <c>configuration</c>.</param>
/// <param name="Health">YARP's active and passive checks, <c>Unknown</c> where there are none.</param>
/// <param name="Available">It gets requests.</param>
/// <param name="Drained">An operator has taken it out.</param>
/// <param name="RunningRequests">Requests under way.</param>
internal sealed record DestinationReport(
    string Destination, string Address, string Origin, string Health, bool Available, bool Drained, int RunningRequests);
