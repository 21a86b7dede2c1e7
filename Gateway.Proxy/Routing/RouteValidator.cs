using Gateway.Proxy.Discovery;
using Gateway.Proxy.Limits;
using Gateway.Proxy.Users;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Routing;

/// <summary>Finds every mistake in the routes and clusters: those YARP knows, those of our transforms, and those nobody else looks for.</summary>
internal sealed class RouteValidator(
    IProxyConfigProvider provider,
    IConfigValidator validator,
    IConfiguration configuration,
    IOptions<UserDetailsOptions> userDetails,
    IOptions<EtcdOptions> etcd)
{
    private const string UnknownTransform = "Unknown transform: ";

    /// <exception cref="ConfigurationRefusedException">There is at least one mistake.</exception>
    public void EnsureValid()
    {
        // Nothing waits in there: YARP's own first load, a moment later, does the same.
        var errors = FindErrorsAsync().GetAwaiter().GetResult();
        if (errors.Count == 0)
        {
            errors = [.. EtcdRules.CheckEndpoints(provider.GetConfig().Clusters, etcd.Value)];
        }

        if (errors.Count > 0)
        {
            throw new ConfigurationRefusedException(errors);
        }
    }

    public async Task<IReadOnlyList<string>> FindErrorsAsync()
    {
        IProxyConfig config;
        try
        {
            config = provider.GetConfig();
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or InvalidOperationException or OverflowException)
        {
            return [$"Section '{RoutingExtensions.SectionName}': {exception.GetBaseException().Message}"];
        }

        List<string> errors = [.. UnknownSettings.Find(configuration.GetSection(RoutingExtensions.SectionName))];
        if (config.Routes.Count == 0)
        {
            errors.Add($"Section '{RoutingExtensions.SectionName}' has no routes; list them under '{RoutingExtensions.SectionName}:Routes'.");
        }

        foreach (var cluster in config.Clusters)
        {
            errors.AddRange(ClusterRules.Check(cluster));
            errors.AddRange(LimitRules.Check(cluster));
            errors.AddRange(EtcdRules.CheckAddresses(cluster, etcd.Value));
            errors.AddRange((await validator.ValidateClusterAsync(cluster)).Select(error => Name($"Cluster '{cluster.ClusterId}'", cluster.ClusterId, error)));
        }

        var clusters = config.Clusters.Select(cluster => cluster.ClusterId).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var route in config.Routes)
        {
            errors.AddRange(RouteRules.CheckCluster(route, clusters));
            errors.AddRange((await validator.ValidateRouteAsync(route)).Select(error => Name($"Route '{route.RouteId}'", route.RouteId, error)));
        }

        errors.AddRange(RouteRules.CheckEqualMatches(config.Routes));
        errors.AddRange(UserDetailsRules.Check(userDetails.Value, clusters));
        return errors;
    }

    /// <summary>YARP names the subject in some of its sentences and not in others.</summary>
    private static string Name(string subject, string id, Exception error)
    {
        if (error.Message.StartsWith(UnknownTransform, StringComparison.Ordinal))
        {
            return $"{subject}: the transform '{error.Message[UnknownTransform.Length..]}' is unknown; use 'Rpc' or one of YARP's.";
        }

        return error.Message.Contains($"'{id}'", StringComparison.Ordinal) ? error.Message : $"{subject}: {error.Message}";
    }
}
