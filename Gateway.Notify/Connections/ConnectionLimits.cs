using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Connections;

/// <summary>
/// Counts the sockets of this node and of each client address, from before the upgrade on; of IPv6 of each /64, because a household has
/// that many addresses.
/// </summary>
internal sealed class ConnectionLimits(IOptions<NotifyOptions> options)
{
    private readonly ConcurrentDictionary<IPAddress, int> _perAddress = new();
    private int _total;

    /// <summary>Takes a place; null when there is none. Dispose of it when the socket is gone.</summary>
    public Place? TryEnter(IPAddress client)
    {
        var address = Household(client);
        if (Interlocked.Increment(ref _total) > options.Value.MaxConnections)
        {
            Interlocked.Decrement(ref _total);
            return null;
        }

        if (_perAddress.AddOrUpdate(address, 1, (_, count) => count + 1) > options.Value.MaxConnectionsPerAddress)
        {
            Leave(address);
            return null;
        }

        return new Place(this, address);
    }

    private static IPAddress Household(IPAddress client)
    {
        if (client.AddressFamily == AddressFamily.InterNetwork || client.IsIPv4MappedToIPv6)
        {
            return client.MapToIPv4();
        }

        var bytes = client.GetAddressBytes();
        bytes.AsSpan(bytes.Length / 2).Clear();
        return new IPAddress(bytes);
    }

    private void Leave(IPAddress address)
    {
        Interlocked.Decrement(ref _total);
        if (_perAddress.AddOrUpdate(address, 0, (_, count) => count - 1) == 0)
        {
            // Only while it still is 0: a new socket of the same address may have come in between.
            _perAddress.TryRemove(new KeyValuePair<IPAddress, int>(address, 0));
        }
    }

    internal sealed class Place(ConnectionLimits limits, IPAddress address) : IDisposable
    {
        private bool _isPassed;

        /// <summary>The same place for somebody who stays longer; disposing of this one no longer gives it up.</summary>
        public Place Pass()
        {
            _isPassed = true;
            return new Place(limits, address);
        }

        public void Dispose()
        {
            if (!_isPassed)
            {
                limits.Leave(address);
            }
        }
    }
}
