using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Verdicts;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Limits;

/// <summary>
/// Lets no more requests at a time into a cluster than its metadata say, so that a slow sub-service fails alone and does not take
/// the gateway's memory with it.
/// </summary>
internal sealed class ConcurrencyCaps
{
    private const string MetadataKey = "MaxConcurrentRequests";

    private readonly ConcurrentDictionary<string, StrongBox<int>> _running = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What is wrong with the number of a cluster, as a sentence; nothing where all is well.</summary>
    public static IEnumerable<string> Check(ClusterConfig cluster)
    {
        if (cluster.Metadata?.GetValueOrDefault(MetadataKey) is { } text && !TryParse(text, out _))
        {
            yield return $"Cluster '{cluster.ClusterId}': metadata '{MetadataKey}' is '{text}'; use a number from 1 on, or leave it out.";
        }
    }

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var cluster = context.GetReverseProxyFeature().Cluster.Config;
        return FindCap(cluster) is { } cap ? InvokeAsync(context, next, cluster, cap) : next(context);
    }

    private async Task InvokeAsync(HttpContext context, RequestDelegate next, ClusterConfig cluster, int cap)
    {
        var running = _running.GetOrAdd(cluster.ClusterId, _ => new StrongBox<int>());
        try
        {
            if (Interlocked.Increment(ref running.Value) <= cap)
            {
                await next(context);
            }
            else
            {
                RpcCall.Refuse(context, RpcOutcome.Overloaded, $"cluster '{cluster.ClusterId}' has {cap} requests already", TimeSpan.FromSeconds(1));
            }
        }
        finally
        {
            Interlocked.Decrement(ref running.Value);
        }
    }

    private static int? FindCap(ClusterConfig cluster) =>
        cluster.Metadata is { } metadata && metadata.TryGetValue(MetadataKey, out var text) && TryParse(text, out var cap) ? cap : null;

    private static bool TryParse(string? text, out int cap) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out cap) && cap > 0;
}
