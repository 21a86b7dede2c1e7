using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Endpoint;

/// <summary>Counts the sockets of this node and of each <see cref="ClientNetwork"/>, from before the upgrade on.</summary>
internal sealed class ConnectionLimits(IOptions<NotifyOptions> options)
{
    private readonly ConcurrentDictionary<IPAddress, int> _perAddress = new();
    private int _total;

    /// <summary>Takes a place; null when there is none. Dispose of it when the socket is gone.</summary>
    public Place? TryEnter(IPAddress client)
    {
        var address = ClientNetwork.Of(client);
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
