using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Rpc;

/// <summary>What is good to know of routes and no mistake.</summary>
public sealed class RouteNotes
{
    private readonly RpcRouteParser _parser;

    internal RouteNotes(RpcRouteParser parser) => _parser = parser;

    /// <summary>
    /// Routes that have to hold large requests of strangers, each by a sentence: serializers write fields in the order of their numbers, so the session id of
    /// these messages comes last. And those whose answers have no field for what the gateway says of a call that failed.
    /// </summary>
    public IReadOnlyList<string> Describe(IEnumerable<RouteConfig> routes) => [.. routes.SelectMany(_parser.Describe)];
}
