using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Gateway.Proxy.Discovery;

/// <summary>
/// Expands <c>etcd:///service/user_service</c> to the live instances of that service. Other addresses stay as they are.
/// It never waits for etcd and never throws: after an exception YARP would not ask again for minutes.
/// </summary>
internal sealed partial class EtcdDestinationResolver(
    ServiceRegistry registry,
    IOptions<EtcdOptions> options,
    ILogger<EtcdDestinationResolver> logger) : IDestinationResolver
{
    private readonly ConcurrentDictionary<string, byte> _told = new(StringComparer.Ordinal);

    public ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(
        IReadOnlyDictionary<string, DestinationConfig> destinations,
        CancellationToken cancellationToken)
    {
        if (!destinations.Values.Any(destination => EtcdAddress.IsEtcd(destination.Address)))
        {
            return new(new ResolvedDestinationCollection(destinations, changeToken: null));
        }

        // The instances and the token come from one snapshot, so no change can fall between them.
        var snapshot = registry.Current;
        var resolved = new Dictionary<string, DestinationConfig>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, destination) in destinations)
        {
            if (EtcdAddress.IsEtcd(destination.Address))
            {
                Expand(id, destination, snapshot, resolved);
            }
            else
            {
                resolved[id] = destination;
            }
        }

        return new(new ResolvedDestinationCollection(resolved, snapshot.ChangeToken));
    }

    private void Expand(string id, DestinationConfig destination, RegistrySnapshot snapshot, Dictionary<string, DestinationConfig> resolved)
    {
        if (!EtcdAddress.TryParse(destination.Address, options.Value.ServicePrefix, out var service, out var problem))
        {
            Tell(id, destination.Address, problem);
            return;
        }

        if (options.Value.EndpointList().Length == 0)
        {
            Tell(id, destination.Address, $"needs etcd, and {EtcdOptions.SectionName}:Endpoints is empty");
            return;
        }

        foreach (var instance in snapshot.Instances(service))
        {
            // YARP keeps health and counters by id: an instance that comes back with another port is another destination.
            resolved[$"{instance.Key}@{instance.Address}"] = destination with { Address = instance.Address };
        }
    }

    private void Tell(string id, string address, string problem)
    {
        if (_told.TryAdd(address, 0))
        {
            Log.Unusable(logger, id, address, problem);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1120, LogLevel.Warning, "Destination '{Destination}' has no instances: the address '{Address}' {Problem}.", EventName = "EtcdAddressUnusable")]
        public static partial void Unusable(ILogger logger, string destination, string address, string problem);
    }
}
