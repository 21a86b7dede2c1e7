using Gateway.Notify.Protocol;

namespace Gateway.Notify.Connections;

/// <summary>The sockets of one user on this node, oldest first. Its owner sees to it that only one thread uses it at a time.</summary>
internal sealed class UserSockets
{
    // Most users have one.
    private readonly List<NotifyConnection> _connections = new(1);

    public IReadOnlyList<NotifyConnection> All => _connections;

    /// <summary>Lists a connection. What comes for it is held until <see cref="Release"/>.</summary>
    public void Add(NotifyConnection connection)
    {
        Hold(connection);
        _connections.Add(connection);
    }

    public bool Remove(NotifyConnection connection) => _connections.Remove(connection);

    /// <summary>Closes the sockets of one session, or all.</summary>
    public void Disconnect(string? sessionId)
    {
        foreach (var connection in _connections.Where(connection => sessionId is null || connection.SessionId == sessionId))
        {
            connection.Close(CloseReason.SessionEnded);
        }
    }

    /// <summary>Queues an event for every socket, except those that were told it before it had a number.</summary>
    public void Deliver(NumberedEvent numbered, IReadOnlySet<NotifyConnection>? told, int mostHeld)
    {
        ReadOnlyMemory<byte> head = default;
        foreach (var connection in _connections)
        {
            if (told?.Contains(connection) is not true)
            {
                Deliver(connection, numbered, mostHeld, ref head);
            }
        }
    }

    /// <summary>Queues an event that has no number. Returns for whom.</summary>
    public IEnumerable<NotifyConnection> TellEarly(HubEvent hubEvent, bool plainOnly, int mostHeld)
    {
        NotifyConnection[] told = [.. _connections.Where(connection => !plainOnly || !connection.IsExtended)];
        ReadOnlyMemory<byte> head = default;
        foreach (var connection in told)
        {
            Deliver(connection, new NumberedEvent(0, hubEvent), mostHeld, ref head);
        }

        return told;
    }

    /// <summary>From now on what comes for a connection waits, so that nothing overtakes what it is about to be told.</summary>
    public static void Hold(NotifyConnection connection) => connection.Held = new HeldEvents();

    /// <summary>Sends what was held. What the connection has been told meanwhile is passed over.</summary>
    public static void Release(NotifyConnection connection)
    {
        var held = connection.Held;
        connection.Held = null;
        if (held?.Moved is { } top)
        {
            Move(connection, top);
        }

        foreach (var numbered in held?.Events ?? [])
        {
            ReadOnlyMemory<byte> head = default;
            Send(connection, numbered, ref head);
        }
    }

    /// <summary>Follows the store, after it has been out of reach: where another count has begun, events may be gone.</summary>
    public static void Move(NotifyConnection connection, FeedPosition top)
    {
        if (connection.Held is { } held)
        {
            held.Moved = top;
        }
        else if (top.Epoch != connection.Position.Epoch)
        {
            Place(connection, top);
            connection.TryEnqueue(ExtendedFrames.Resumed(false, top));
        }
        else
        {
            connection.Top = top.Sequence;
        }
    }

    /// <summary>Notes where a client stands that has just been told so.</summary>
    public static void Place(NotifyConnection connection, FeedPosition position) => (connection.Position, connection.Top) = (position, position.Sequence);

    /// <summary>Tells a client where it should stand; one that is behind asks for what it has missed.</summary>
    public static void Heartbeat(NotifyConnection connection)
    {
        if (connection.Held is null)
        {
            var position = connection.Position;
            connection.TryEnqueue(ExtendedFrames.Heartbeat(position with { Sequence = Math.Max(position.Sequence, connection.Top) }));
        }
    }

    private static void Deliver(NotifyConnection connection, NumberedEvent numbered, int mostHeld, ref ReadOnlyMemory<byte> head)
    {
        if (connection.Held is not { } held)
        {
            Send(connection, numbered, ref head);
        }
        else if (held.Events.Count < mostHeld)
        {
            held.Events.Enqueue(numbered);
        }
        else
        {
            connection.Close(CloseReason.SlowConsumer);
        }
    }

    private static void Send(NotifyConnection connection, NumberedEvent numbered, ref ReadOnlyMemory<byte> head)
    {
        if (!connection.IsExtended)
        {
            connection.TryEnqueue(new Outbound(default, numbered.Event));
        }
        else if (Advance(connection, numbered.Sequence))
        {
            head = head.IsEmpty ? ExtendedFrames.EventHead(numbered.Sequence, numbered.Event.Body.Length) : head;
            connection.TryEnqueue(new Outbound(head, numbered.Event));
        }
    }

    /// <summary>False for what the client has had. What has no number is always news.</summary>
    private static bool Advance(NotifyConnection connection, ulong sequence)
    {
        if (sequence != 0 && sequence <= connection.Position.Sequence)
        {
            return false;
        }

        if (sequence != 0)
        {
            connection.Position = connection.Position with { Sequence = sequence };
        }

        return true;
    }
}

/// <summary>What has come for a connection that is about to be told something else first.</summary>
internal sealed class HeldEvents
{
    public Queue<NumberedEvent> Events { get; } = new();

    /// <summary>Where the store has said that the user's events stand; null if it has not.</summary>
    public FeedPosition? Moved { get; set; }
}
