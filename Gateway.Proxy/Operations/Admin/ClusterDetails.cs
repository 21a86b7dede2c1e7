namespace Gateway.Proxy.Operations.Admin;

/// <summary>A cluster in force.</summary>
internal sealed record ClusterDetails(string Cluster, IReadOnlyList<DestinationReport> Destinations);
