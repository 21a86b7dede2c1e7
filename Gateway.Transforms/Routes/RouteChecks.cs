using Gateway.Transforms.Events;
using Gateway.Transforms.Schema;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Routes;

/// <summary>
/// What a host checks of its RPC routes before it takes them, beside what <see cref="RpcTransformFactory"/> says of each: all that takes other routes,
/// clusters or settings to know. Every mistake is one sentence.
/// </summary>
public sealed class RouteChecks
{
    private readonly RpcRouteParser _parser;
    private readonly TestEvent _test;
    private readonly RpcCatalogs _catalogs;

    internal RouteChecks(RpcRouteParser parser, TestEvent test, RpcCatalogs catalogs) => (_parser, _test, _catalogs) = (parser, test, catalogs);

    /// <summary>Whether a route has the transform <c>Rpc</c>.</summary>
    public static bool IsRpc(RouteConfig route) => RpcRouteParser.FindTransform(route) is not null;

    /// <summary>Look-ups of a route (<c>Ask</c>) in clusters that there are not.</summary>
    public IEnumerable<string> CheckLookUps(RouteConfig route, IReadOnlySet<string> clusters) =>
        from lookUp in (RpcRouteParser.FindTransform(route) is { } transform ? _parser.Parse(route, transform, [])?.Events?.LookUps : null) ?? []
        where !clusters.Contains(lookUp.Call.ClusterId) && lookUp.Call.ClusterId != route.ClusterId
        select $"Route '{route.RouteId}': {TransformKeys.Ask}:{lookUp.Name}:ClusterId is '{lookUp.Call.ClusterId}', which is no cluster; name one, or leave it out for the route's own.";

    /// <summary>Names in <c>Gateway:Messages</c> that no message of a route has.</summary>
    public IEnumerable<string> CheckNames(IEnumerable<RouteConfig> routes) => _parser.CheckNames(routes);

    /// <summary>The event that an operator sends to try a socket.</summary>
    /// <param name="catalogName">The messages there are.</param>
    public IEnumerable<string> CheckTestEvent(string catalogName)
    {
        List<string> errors = [];
        _test.Parse(catalogName, errors);
        return errors;
    }

    /// <summary>The details of users.</summary>
    /// <param name="options">Which cluster and method.</param>
    /// <param name="catalogName">The RPCs there are.</param>
    /// <param name="clusters">The clusters there are.</param>
    public IEnumerable<string> CheckUserDetails(UserDetailsOptions options, string catalogName, IReadOnlySet<string> clusters)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clusters);
        if (options.ClusterId.Length == 0 && options.Rpc.Length == 0)
        {
            yield break;
        }

        if (!clusters.Contains(options.ClusterId))
        {
            yield return $"{UserDetailsOptions.SectionName}:ClusterId is '{options.ClusterId}', which is no cluster; "
                + "name the cluster of the user service, or leave out the whole section.";
        }

        if (!_catalogs.Of(catalogName).TryFind(options.Rpc, out var method, out var problem))
        {
            yield return $"{UserDetailsOptions.SectionName}:Rpc {problem}.";
        }
        else if (UserDetails.Of(options, method, null, null, null) is null)
        {
            yield return $"{UserDetailsOptions.SectionName}:Rpc is '{options.Rpc}', which does not ask for users; name a method with the fields of GetMultiUserInfo "
                + "(users_id, users_info) or of GetUserInfo (user_id, user_info).";
        }

        if (options.MaxAnswer is < 1 << 10 or > 1 << 30)
        {
            yield return $"{UserDetailsOptions.SectionName}:MaxAnswer is {options.MaxAnswer}; use {1 << 10} to {1 << 30} bytes.";
        }
    }

    /// <summary>
    /// What is good to know of routes and no mistake, each by a sentence. Routes that have to hold large requests of strangers: serializers write fields in
    /// the order of their numbers, and in these messages the session id comes last. And those whose answers have no field for why a call failed.
    /// </summary>
    public IReadOnlyList<string> FindNotes(IEnumerable<RouteConfig> routes) => [.. routes.SelectMany(_parser.FindNotes)];
}
