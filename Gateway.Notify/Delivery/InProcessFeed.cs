using System.Security.Cryptography;
using Gateway.Notify.Connections;
using Gateway.Notify.Protocol;

namespace Gateway.Notify.Delivery;

/// <summary>All of one user where one node is all there is: the sockets, the count of events, and the newest of them.</summary>
internal sealed class InProcessFeed(NotifyOptions options, SeatRules rules, HistoryMemory memory, NotifyMetrics metrics)
{
    private const int EpochBytes = 8;

    private readonly Lock _lock = new();
    private readonly UserSockets _sockets = new();
    private EventHistory? _history;
    private FeedPosition _position = new("", 0);
    private bool _retired;

    /// <summary>When the last socket left, in Unix milliseconds; null while there is one.</summary>
    public long? EmptySince { get; private set; }

    /// <summary>Lets a connection in, or says why not. False when this feed has been retired: take a new one.</summary>
    public bool TryJoin(JoinRequest request, out CloseReason? refusal)
    {
        var connection = request.Connection;
        lock (_lock)
        {
            refusal = null;
            if (_retired)
            {
                return false;
            }

            var leaving = _sockets.HasRoom(connection, request.Predecessor, rules, options.MaxConnectionsPerUser)
                ? _sockets.MakeRoom(connection, request.Predecessor, rules)
                : null;
            if (leaving is null)
            {
                refusal = CloseReason.TooManyConnections;
                return true;
            }

            _sockets.Kick([.. leaving.Select(old => old.Id)]);
            if (connection.IsExtended && _history is null)
            {
                _history = new EventHistory(options, memory);
                _position = new(RandomNumberGenerator.GetHexString(2 * EpochBytes, lowercase: true), 0);
            }

            EmptySince = null;
            _sockets.Add(connection);
            if (request.Greeting is { } greeting)
            {
                connection.TryEnqueue(greeting(_position));
            }

            if (request.Resume is { } from)
            {
                Replay(connection, from);
            }

            return true;
        }
    }

    /// <summary>Takes a connection out. True when nobody is left and there is nothing to resume from: the feed is retired.</summary>
    public bool Leave(NotifyConnection connection, long now, out bool wasLast)
    {
        lock (_lock)
        {
            wasLast = false;
            if (_sockets.Remove(connection))
            {
                connection.Position = _position;
                wasLast = _sockets.Count == 0;
            }

            if (wasLast)
            {
                EmptySince = now;
            }

            return _retired = _sockets.Count == 0 && _history is null;
        }
    }

    /// <summary>True when nobody has come back for so long that the history is not worth keeping: the feed is retired.</summary>
    public bool RetireIfForgotten(long now)
    {
        lock (_lock)
        {
            if (_sockets.Count == 0 && EmptySince is { } since && now - since > options.ReplayAge.TotalMilliseconds)
            {
                _history?.Clear();
                _retired = true;
            }

            return _retired;
        }
    }

    public void Deliver(HubEvent hubEvent)
    {
        lock (_lock)
        {
            if (_history is null)
            {
                _sockets.Deliver(new NumberedEvent(0, hubEvent));
                return;
            }

            _position = _position with { Sequence = _position.Sequence + 1 };
            var numbered = new NumberedEvent(_position.Sequence, hubEvent);
            _history.Add(numbered);
            _sockets.Deliver(numbered);
        }
    }

    public void Resume(NotifyConnection connection, FeedPosition from)
    {
        lock (_lock)
        {
            Replay(connection, from);
        }
    }

    public void Heartbeat()
    {
        lock (_lock)
        {
            _sockets.TellExtended(ExtendedFrames.Heartbeat(_position));
        }
    }

    public void Disconnect(string? sessionId)
    {
        lock (_lock)
        {
            _sockets.Disconnect(sessionId);
        }
    }

    public IReadOnlyList<NotifyConnection> Sockets()
    {
        lock (_lock)
        {
            return [.. _sockets.All];
        }
    }

    private void Replay(NotifyConnection connection, FeedPosition from) =>
        Protocol.Replay.Send(connection, from, _position, from.Epoch == _position.Epoch ? _history!.After(from.Sequence, _position.Sequence) : null, metrics);
}
