using Microsoft.AspNetCore.Routing;

namespace Gateway.Transforms.Routes;

/// <summary>How the calls of a route are made, for those who operate the gateway.</summary>
/// <param name="Session">Whether callers must be logged in: <c>Required</c> or <c>Anonymous</c>.</param>
/// <param name="Timeout">How long a call may take.</param>
/// <param name="MaxRequestBodySize">The largest request, in bytes.</param>
/// <param name="Events">What its answers tell, in the order of its rules: the enum value that an event sets, or the name of the route.</param>
public sealed record RpcRouteDetails(string Session, TimeSpan Timeout, long MaxRequestBodySize, IReadOnlyList<string> Events)
{
    /// <summary>Those of all routes in force, by the name of the route.</summary>
    public static IReadOnlyDictionary<string, RpcRouteDetails> Of(EndpointDataSource endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var details = new Dictionary<string, RpcRouteDetails>(StringComparer.Ordinal);
        foreach (var route in endpoints.Endpoints.Select(endpoint => endpoint.Metadata.GetMetadata<RpcRoute>()).OfType<RpcRoute>())
        {
            details[route.RouteId] = new RpcRouteDetails(
                route.Session.ToString(), route.Timeout, route.MaxRequestBytes, [.. route.Events?.Rules.Select(rule => rule.Type) ?? []]);
        }

        return details;
    }
}
