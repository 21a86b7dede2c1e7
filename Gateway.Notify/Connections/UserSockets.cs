using Gateway.Notify.Delivery;
using Gateway.Notify.Protocol;

namespace Gateway.Notify.Connections;

/// <summary>The sockets of one user on this node, oldest first. Its owner sees to it that only one thread uses it at a time.</summary>
internal sealed class UserSockets
{
    // Most users have one.
    private readonly List<NotifyConnection> _connections = new(1);

    public int Count => _connections.Count;

    public IReadOnlyList<NotifyConnection> All => _connections;

    public void Add(NotifyConnection connection) => _connections.Add(connection);

    public bool Remove(NotifyConnection connection) => _connections.Remove(connection);

    /// <summary>Whether the node's own limit lets a newcomer in, apart from the device policy.</summary>
    public bool HasRoom(NotifyConnection newcomer, string predecessor, SeatRules rules, int limit) =>
        rules.KicksOldest || _connections.Count(old => !IsPredecessor(old, newcomer, predecessor, rules)) < limit;

    /// <summary>Who has to make room for a newcomer; null when there is none to be had.</summary>
    public IReadOnlyList<NotifyConnection>? MakeRoom(NotifyConnection newcomer, string predecessor, SeatRules rules)
    {
        var leaving = _connections.Where(old => IsPredecessor(old, newcomer, predecessor, rules)).ToList();
        var surplus = rules.Max == 0 ? 0 : _connections.Count - leaving.Count - rules.Max + 1;
        if (surplus > 0)
        {
            if (!rules.KicksOldest)
            {
                return null;
            }

            leaving.AddRange(_connections.Except(leaving).Take(surplus).ToArray());
        }

        return leaving;
    }

    /// <summary>Takes out those with the given ids and closes them.</summary>
    public void Kick(IReadOnlyCollection<string> connectionIds)
    {
        foreach (var connection in _connections.Where(connection => connectionIds.Contains(connection.Id)).ToArray())
        {
            _connections.Remove(connection);
            connection.Close(CloseReason.Replaced);
        }
    }

    /// <summary>Closes the sockets of one session, or all.</summary>
    public void Disconnect(string? sessionId)
    {
        foreach (var connection in _connections.Where(connection => sessionId is null || connection.SessionId == sessionId))
        {
            connection.Close(CloseReason.SessionEnded);
        }
    }

    /// <summary>Queues an event for every socket; those that have had it ahead of its number learn the number only.</summary>
    public void Deliver(NumberedEvent numbered)
    {
        var hubEvent = numbered.Event;
        ReadOnlyMemory<byte> head = default;
        foreach (var connection in _connections)
        {
            if (connection.TakeAhead(hubEvent.Id))
            {
                if (connection.IsExtended)
                {
                    connection.TryEnqueue(ExtendedFrames.Position(numbered.Sequence));
                }
            }
            else if (connection.IsExtended)
            {
                head = head.IsEmpty ? ExtendedFrames.EventHead(numbered.Sequence, hubEvent.Body.Length) : head;
                connection.TryEnqueue(new Outbound(head, hubEvent));
            }
            else
            {
                connection.TryEnqueue(new Outbound(default, hubEvent));
            }
        }
    }

    /// <summary>Queues an event that could not be numbered, and remembers who has had it.</summary>
    public void DeliverAhead(HubEvent hubEvent)
    {
        foreach (var connection in _connections)
        {
            var head = connection.IsExtended ? ExtendedFrames.EventHead(0, hubEvent.Body.Length) : default;
            if (connection.TryEnqueue(new Outbound(head, hubEvent)))
            {
                connection.RememberAhead(hubEvent.Id);
            }
        }
    }

    /// <summary>Queues something for the sockets that speak the extended protocol.</summary>
    public void TellExtended(Outbound frame)
    {
        foreach (var connection in _connections.Where(connection => connection.IsExtended))
        {
            connection.TryEnqueue(frame);
        }
    }

    private static bool IsPredecessor(NotifyConnection old, NotifyConnection newcomer, string predecessor, SeatRules rules) =>
        old.Id == predecessor || (rules.ReplacesOwnSession && old.SessionId == newcomer.SessionId);
}
