using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>Routes and clusters that have passed every check, as YARP takes them over: all at once.</summary>
internal sealed class RouteSet(
    IReadOnlyList<RouteConfig> routes, IReadOnlyList<ClusterConfig> clusters, RouteOrigins origins, string revision, string catalogName) : IProxyConfig
{
    private readonly ConfigurationReloadToken _replaced = new();

    public IReadOnlyList<RouteConfig> Routes { get; } = routes;

    public IReadOnlyList<ClusterConfig> Clusters { get; } = clusters;

    /// <summary>Where they are written.</summary>
    public RouteOrigins Origins { get; } = origins;

    /// <summary>A hash of what the operator wrote.</summary>
    public string Revision { get; } = revision;

    /// <summary>The name of the <see cref="Transforms.Schema.RpcCatalog"/> that its routes use.</summary>
    public string CatalogName { get; } = catalogName;

    public IChangeToken ChangeToken => _replaced;

    /// <summary>The same routes in another list, by which YARP takes them for new ones.</summary>
    public RouteSet Copy() => new([.. Routes], Clusters, Origins, Revision, CatalogName);

    /// <summary>Has YARP ask for the set that came after this one.</summary>
    public void Replace() => _replaced.OnReload();
}
