using System.Collections.Concurrent;
using Gateway.Transforms.Upstream;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Gateway.Proxy.Discovery;

/// <summary>
/// Expands addresses such as <c>etcd:///service/user_service</c> or <c>k8s://user.chat:grpc</c> to the instances of that service. Other addresses stay
/// as they are. It never waits for a source and never throws: after an exception YARP would not ask again for minutes.
/// </summary>
internal sealed partial class DestinationResolver(InstanceSources sources, ILogger<DestinationResolver> logger) : IDestinationResolver
{
    /// <summary>Metadata of a destination: the zone it runs in, where its source says it.</summary>
    public const string ZoneKey = "Zone";

    private readonly ConcurrentDictionary<string, byte> _told = new(StringComparer.Ordinal);

    public ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(
        IReadOnlyDictionary<string, DestinationConfig> destinations,
        CancellationToken cancellationToken)
    {
        if (!destinations.Values.Any(destination => sources.Of(destination.Address) is not null))
        {
            return new(new ResolvedDestinationCollection(destinations, changeToken: null));
        }

        // The instances of a source and its token come from one snapshot, so no change can fall between them.
        var snapshots = new Dictionary<IInstanceSource, RegistrySnapshot>();
        var resolved = new Dictionary<string, DestinationConfig>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, destination) in destinations)
        {
            if (sources.Of(destination.Address) is { } source)
            {
                if (!snapshots.TryGetValue(source, out var snapshot))
                {
                    snapshots[source] = snapshot = source.Registry.Current;
                }

                Expand(id, destination, source, snapshot, resolved);
            }
            else
            {
                resolved[id] = destination;
            }
        }

        IChangeToken[] tokens = [.. snapshots.Values.Select(snapshot => snapshot.ChangeToken)];
        return new(new ResolvedDestinationCollection(resolved, tokens is [var only] ? only : new CompositeChangeToken(tokens)));
    }

    private void Expand(string id, DestinationConfig destination, IInstanceSource source, RegistrySnapshot snapshot, Dictionary<string, DestinationConfig> resolved)
    {
        if (!source.TryParse(destination.Address, out var service, out var problem))
        {
            Tell(id, destination.Address, problem);
            return;
        }

        if (source.Missing is { } missing)
        {
            Tell(id, destination.Address, $"needs {source.Name}, and {missing.Fact}");
            return;
        }

        source.Follow(service);
        var scheme = UpstreamTls.SchemeOf(destination.Metadata);
        foreach (var instance in snapshot.Instances(service))
        {
            var address = instance.AddressBy(scheme);
            // YARP keeps health and counters by id: an instance that comes back with another port is another destination.
            resolved[$"{instance.Key}@{address}"] = destination with { Address = address, Metadata = WithZone(destination.Metadata, instance.Zone) };
        }
    }

    private static IReadOnlyDictionary<string, string>? WithZone(IReadOnlyDictionary<string, string>? metadata, string? zone) =>
        zone is null ? metadata : new Dictionary<string, string>(metadata ?? new Dictionary<string, string>(), StringComparer.OrdinalIgnoreCase) { [ZoneKey] = zone };

    private void Tell(string id, string address, string problem)
    {
        if (_told.TryAdd(address, 0))
        {
            Log.Unusable(logger, id, address, problem);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1120, LogLevel.Warning, "Destination '{Destination}' has no instances: the address '{Address}' {Problem}.", EventName = "AddressUnusable")]
        public static partial void Unusable(ILogger logger, string destination, string address, string problem);
    }
}
