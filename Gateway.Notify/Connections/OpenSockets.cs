using System.Collections.Concurrent;

namespace Gateway.Notify.Connections;

/// <summary>Every socket of this node from its upgrade to its end, whether its user is known yet or not.</summary>
internal sealed class OpenSockets
{
    private readonly ConcurrentDictionary<NotifyConnection, byte> _open = new();

    public IEnumerable<NotifyConnection> All => _open.Select(entry => entry.Key);

    public int Count => _open.Count;

    /// <summary>Lists a socket until the result is disposed of.</summary>
    public Entry Add(NotifyConnection connection)
    {
        _open.TryAdd(connection, 0);
        return new Entry(_open, connection);
    }

    public readonly struct Entry(ConcurrentDictionary<NotifyConnection, byte> open, NotifyConnection connection) : IDisposable
    {
        public void Dispose() => open.TryRemove(connection, out _);
    }
}
