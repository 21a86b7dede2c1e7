using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// Tells an operator which routes have to hold large requests of strangers: serializers write fields in the order of their numbers, so the session
/// id of these messages comes last.
/// </summary>
public sealed class HeldRoutes
{
    private readonly RpcRouteParser _parser;

    internal HeldRoutes(RpcRouteParser parser) => _parser = parser;

    /// <summary>A sentence for each such route.</summary>
    public IReadOnlyList<string> Describe(IEnumerable<RouteConfig> routes) =>
    [
        .. from route in routes
           let large = _parser.FindLargeBeforeSession(route)
           where large is not null
           select $"Route '{route.RouteId}' holds large requests before their sender is known: in '{large.ContainingType.Name}', '{large.Name}' comes before session_id.",
    ];
}
