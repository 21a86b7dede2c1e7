namespace Gateway.Proxy.Routing;

/// <summary>Whether the routes in use are those that the operator wrote last. For whoever reports on the gateway's health.</summary>
internal sealed class RouteStatus
{
    private RouteReload? _last;

    /// <summary>Null until the gateway has routes.</summary>
    public RouteReload? Last => Volatile.Read(ref _last);

    public void Report(RouteReload reload) => Volatile.Write(ref _last, reload);
}
