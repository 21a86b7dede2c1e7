using System.Collections.Concurrent;
using Grpc.Net.Client;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy;

namespace Gateway.Proxy.Users;

/// <summary>One gRPC channel for each instance of the user service that is alive; those of instances that have gone are closed.</summary>
internal sealed class UserServiceChannels(Lazy<IProxyStateLookup> proxy, IOptions<UserDetailsOptions> options) : IDisposable
{
    private readonly ConcurrentDictionary<string, GrpcChannel> _channels = new(StringComparer.Ordinal);

    private readonly SocketsHttpHandler _handler = new()
    {
        ConnectTimeout = TimeSpan.FromSeconds(2),
        KeepAlivePingDelay = TimeSpan.FromSeconds(10),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
        EnableMultipleHttp2Connections = true,
        // Sub-services are near; a proxy in the environment is for the world outside.
        UseProxy = false,
    };

    /// <summary>A channel to some healthy instance; null when there is none.</summary>
    public GrpcChannel? Pick(string clusterId)
    {
        if (!proxy.Value.TryGetCluster(clusterId, out var cluster))
        {
            return null;
        }

        var destinations = cluster.DestinationsState;
        Close(destinations.AllDestinations.Select(destination => destination.Model.Config.Address));
        var available = destinations.AvailableDestinations;
        return available.Count == 0
            ? null
            : _channels.GetOrAdd(available[Random.Shared.Next(available.Count)].Model.Config.Address, Open);
    }

    public void Dispose()
    {
        Close([]);
        _handler.Dispose();
    }

    private GrpcChannel Open(string address) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        HttpHandler = _handler,
        DisposeHttpClient = false,
        MaxReceiveMessageSize = options.Value.MaxAnswer,
    });

    private void Close(IEnumerable<string> alive)
    {
        foreach (var address in _channels.Keys.Except(alive, StringComparer.Ordinal))
        {
            if (_channels.TryRemove(address, out var channel))
            {
                channel.Dispose();
            }
        }
    }
}
