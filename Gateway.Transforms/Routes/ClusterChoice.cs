namespace Gateway.Transforms.Routes;

/// <summary>
/// Endpoint metadata of a route whose calls a host may send to another cluster than the route's own, once their senders are known. Until then their
/// protocol is not known either, so a large request without a length is held whole: most protocols need its length before its beginning.
/// </summary>
public abstract class ClusterChoice;
