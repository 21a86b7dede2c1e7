namespace Gateway.Proxy.Operations.Admin;

/// <summary>A cluster in force.</summary>
/// <param name="Cluster">Its id.</param>
/// <param name="Origin">The file that it is written in, or the kind of source.</param>
/// <param name="Destinations">Where its requests can go.</param>
internal sealed record ClusterDetails(string Cluster, string Origin, IReadOnlyList<DestinationReport> Destinations);
