namespace Gateway.Proxy.Operations.Admin;

/// <param name="Cluster">As it is written in the configuration.</param>
/// <param name="Destination">Its id.</param>
/// <param name="Drained">Whether it is taken out now.</param>
internal sealed record DrainReport(string Cluster, string Destination, bool Drained);
