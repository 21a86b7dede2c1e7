using System.Globalization;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Transforms.Upstream;

/// <summary>A number in a cluster's metadata.</summary>
public sealed record ClusterNumber(string Key, int Min, int Max, int Default)
{
    /// <summary>A sentence for each of the numbers that is written wrongly.</summary>
    public static IEnumerable<string> Check(ClusterConfig cluster, IEnumerable<ClusterNumber> numbers)
    {
        foreach (var number in numbers)
        {
            if (cluster.Metadata?.GetValueOrDefault(number.Key) is { } text && !number.TryParse(text, out _))
            {
                yield return $"Cluster '{cluster.ClusterId}': metadata '{number.Key}' is '{text}'; use a number from {number.Min} to {number.Max}, or leave it out.";
            }
        }
    }

    public int In(IReadOnlyDictionary<string, string>? metadata) =>
        metadata?.GetValueOrDefault(Key) is { } text && TryParse(text, out var value) ? value : Default;

    private bool TryParse(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= Min && value <= Max;
}
