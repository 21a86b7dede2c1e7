using Gateway.Transforms.Rpc;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Events;

/// <summary>Checks what events ask and say against the clusters and messages there are.</summary>
public sealed class EventClusterRules
{
    private readonly RpcRouteParser _parser;
    private readonly RuleParser _rules;
    private readonly RpcCatalogs _catalogs;

    internal EventClusterRules(RpcRouteParser parser, RuleParser rules, RpcCatalogs catalogs) => (_parser, _rules, _catalogs) = (parser, rules, catalogs);

    /// <summary>Look-ups of routes, each by a sentence if its cluster is none.</summary>
    public IEnumerable<string> Check(RouteConfig route, IReadOnlySet<string> clusters) =>
        from lookUp in (RpcRouteParser.FindTransform(route) is { } transform ? _parser.Parse(route, transform, [])?.Events?.LookUps : null) ?? []
        where !clusters.Contains(lookUp.ClusterId) && lookUp.ClusterId != route.ClusterId
        select $"Route '{route.RouteId}': {TransformKeys.Ask}:{lookUp.Name}:ClusterId is '{lookUp.ClusterId}', which is no cluster; name one, or leave it out for the route's own.";

    /// <summary>What <c>Gateway:Messages</c> names, by a sentence for each name that no message of a route has.</summary>
    public IEnumerable<string> CheckNames(IEnumerable<RouteConfig> routes) => _parser.CheckNames(routes);

    /// <summary>The event that an operator sends to try a socket.</summary>
    /// <param name="catalogName">The messages there are.</param>
    public IEnumerable<string> CheckTest(string catalogName)
    {
        List<string> errors = [];
        _rules.ParseTest(_catalogs.Of(catalogName), errors);
        return errors;
    }

    /// <summary>The details of users.</summary>
    /// <param name="options">Which cluster and method.</param>
    /// <param name="catalogName">The RPCs there are.</param>
    /// <param name="clusters">The clusters there are.</param>
    public IEnumerable<string> Check(UserDetailsOptions options, string catalogName, IReadOnlySet<string> clusters)
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
        else if (UserLookUp.Of(options, method, null, null, null) is null)
        {
            yield return $"{UserDetailsOptions.SectionName}:Rpc is '{options.Rpc}', which does not ask for users; name a method with the fields of GetMultiUserInfo "
                + "(users_id, users_info) or of GetUserInfo (user_id, user_info).";
        }

        if (options.MaxAnswer is < 1 << 10 or > 1 << 30)
        {
            yield return $"{UserDetailsOptions.SectionName}:MaxAnswer is {options.MaxAnswer}; use {1 << 10} to {1 << 30} bytes.";
        }
    }
}
