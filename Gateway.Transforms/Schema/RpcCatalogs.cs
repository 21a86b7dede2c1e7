using System.Collections.Concurrent;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Schema;

/// <summary>
/// The catalogs of a running gateway. Routes that are only being checked may know other RPCs than those in use, so each route names its
/// catalog in its metadata; a route without a name has the built-in services alone.
/// </summary>
public sealed class RpcCatalogs
{
    /// <summary>
    /// The metadata of a route that names its catalog. YARP compares metadata, so a changed catalog makes it build the route anew.
    /// </summary>
    public const string MetadataKey = "Gateway.Catalog";

    private readonly RpcCatalog _nameless;
    private readonly ConcurrentDictionary<string, RpcCatalog> _byName = new(StringComparer.Ordinal);

    public RpcCatalogs()
        : this(new RpcCatalog([]))
    {
    }

    internal RpcCatalogs(RpcCatalog nameless) => _nameless = nameless;

    public void Add(string name, RpcCatalog catalog) => _byName[name] = catalog;

    /// <summary>Forgets all but these.</summary>
    public void Keep(params IReadOnlyCollection<string> names)
    {
        foreach (var name in _byName.Keys.Except(names, StringComparer.Ordinal))
        {
            _byName.TryRemove(name, out _);
        }
    }

    internal RpcCatalog Of(RouteConfig route) => Of(route.Metadata?.GetValueOrDefault(MetadataKey) ?? "");

    internal RpcCatalog Of(string name) => _byName.GetValueOrDefault(name) ?? _nameless;
}
