using Gateway.Notify.Protocol;

namespace Gateway.Notify.Connections;

/// <summary>The sockets of one user on this node, oldest first. One lock per user keeps the order of events the same on every device.</summary>
internal sealed class UserConnections
{
    private readonly Lock _lock = new();
    private readonly List<NotifyConnection> _connections = [];
    private bool _retired;

    /// <summary>Lets a connection in, or says why not. False when this object has been retired: take a new one.</summary>
    /// <param name="connection">The newcomer.</param>
    /// <param name="options">The device policy and its limits.</param>
    /// <param name="refusal">Why the connection is refused; null when it is in.</param>
    /// <param name="replaced">Those that have to make room.</param>
    public bool TryAdd(NotifyConnection connection, NotifyOptions options, out CloseReason? refusal, out IReadOnlyList<NotifyConnection> replaced)
    {
        lock (_lock)
        {
            refusal = null;
            replaced = [];
            if (_retired)
            {
                return false;
            }

            var leaving = Leaving(connection, options);
            var staying = _connections.Count - leaving.Count;
            if (staying >= options.MaxConnectionsPerUser || (options.Devices == DevicePolicy.RejectNew && staying >= options.MaxDevices))
            {
                refusal = CloseReason.TooManyConnections;
                return true;
            }

            _connections.RemoveAll(leaving.Contains);
            _connections.Add(connection);
            replaced = leaving;
            return true;
        }
    }

    /// <summary>Takes a connection out. True when it was the last, and this object is retired.</summary>
    public bool Remove(NotifyConnection connection)
    {
        lock (_lock)
        {
            _connections.Remove(connection);
            return _retired = _connections.Count == 0;
        }
    }

    /// <summary>Queues one event for every socket, and returns how many took it.</summary>
    public int Deliver(ReadOnlyMemory<byte> message)
    {
        var taken = 0;
        lock (_lock)
        {
            foreach (var connection in _connections)
            {
                taken += connection.TryEnqueue(message) ? 1 : 0;
            }
        }

        return taken;
    }

    public NotifyConnection[] ToArray()
    {
        lock (_lock)
        {
            return [.. _connections];
        }
    }

    private List<NotifyConnection> Leaving(NotifyConnection newcomer, NotifyOptions options)
    {
        List<NotifyConnection> predecessors = [.. _connections.Where(old => old.SessionId == newcomer.SessionId)];
        var surplus = _connections.Count - predecessors.Count - options.MaxDevices + 1;
        return options.Devices switch
        {
            DevicePolicy.All => [],
            DevicePolicy.OnePerUser => [.. _connections],
            DevicePolicy.KickOldest when surplus > 0 => [.. predecessors, .. _connections.Except(predecessors).Take(surplus)],
            _ => predecessors,
        };
    }
}
