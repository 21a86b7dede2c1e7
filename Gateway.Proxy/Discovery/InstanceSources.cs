using Gateway.Proxy.Settings;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy.Discovery;

/// <summary>All sources of instances, and what clusters want of them.</summary>
internal sealed class InstanceSources(IEnumerable<IInstanceSource> sources)
{
    public IReadOnlyList<IInstanceSource> All { get; } = [.. sources];

    /// <summary>How long a change of the routes waits for sources to say where new services are.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The source that an address means; null for a fixed address.</summary>
    public IInstanceSource? Of(string? address) => All.FirstOrDefault(source => source.Owns(address));

    /// <summary>
    /// Begins to follow what clusters name, and waits for a moment until it is known where that is. Otherwise a cluster in use would be without instances
    /// between a change of its address and the first answer.
    /// </summary>
    /// <param name="clusters">Those that are to be in force.</param>
    /// <param name="time">What the wait is measured by.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task PrepareAsync(IEnumerable<ClusterConfig> clusters, TimeProvider time, CancellationToken cancellationToken)
    {
        List<Task> answers = [];
        foreach (var destination in clusters.SelectMany(cluster => cluster.Destinations?.Values ?? []))
        {
            if (Of(destination.Address) is { Missing: null } source && source.TryParse(destination.Address, out var service, out _))
            {
                source.Follow(service);
                answers.Add(source.FirstAnswer(service));
            }
        }

        try
        {
            await Task.WhenAll(answers).WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // A source that is away does not hold up all other changes.
        }
    }

    /// <summary>Ends to follow services that no cluster names any more.</summary>
    /// <param name="clusters">Those in force.</param>
    public void Keep(IEnumerable<ClusterConfig> clusters)
    {
        string[] addresses = [.. clusters.SelectMany(cluster => cluster.Destinations?.Values ?? []).Select(destination => destination.Address)];
        foreach (var source in All)
        {
            source.Keep(addresses
                .Where(source.Owns)
                .Select(address => source.TryParse(address, out var service, out _) ? service : "")
                .ToHashSet(StringComparer.Ordinal));
        }
    }

    /// <summary>Mistakes in the addresses of a cluster.</summary>
    public IEnumerable<string> CheckAddresses(ClusterConfig cluster)
    {
        foreach (var (id, destination) in cluster.Destinations ?? new Dictionary<string, DestinationConfig>())
        {
            if (Of(destination.Address) is { } source && !source.TryParse(destination.Address, out _, out var problem))
            {
                yield return $"Cluster '{cluster.ClusterId}': destination '{id}' has the address '{Secrets.HideIn(destination.Address)}', which {problem}.";
            }
        }
    }

    /// <summary>Whether there is somebody to ask. Not a mistake of the routes file, so the <c>validate</c> command leaves it out.</summary>
    public IEnumerable<string> FindMissing(IReadOnlyCollection<ClusterConfig> clusters)
    {
        foreach (var source in All)
        {
            if (source.Missing is { } missing
                && clusters.Where(cluster => cluster.Destinations?.Values.Any(destination => source.Owns(destination.Address)) == true).Select(cluster => $"'{cluster.ClusterId}'").ToArray() is { Length: > 0 } waiting)
            {
                yield return $"{missing.Fact}, but the addresses of {string.Join(", ", waiting)} are in {source.Name}; {missing.Cure}, or give these clusters http:// addresses.";
            }
        }
    }
}
