using System.Diagnostics;
using Gateway.Protocol.NotifyV2;

namespace Gateway.Chaos.Hub;

/// <summary>A client of gateway.notify.v2 that does what docs/notify-protocol.md asks for, and writes down what it was told.</summary>
internal sealed class FollowingClient(Ledger ledger, string user, string session, IReadOnlyList<Uri> addresses)
    : ReconnectingClient(ledger, user, session, addresses, isExtended: true)
{
    /// <summary>Which events it was told, and how often it had loaded by then.</summary>
    private readonly Dictionary<int, int> _told = [];
    private readonly Dictionary<Place, int> _places = [];
    private readonly SortedDictionary<ulong, Event> _aside = [];
    private string _connectionId = "";
    private string _epoch = "";
    private ulong _sequence;
    private long _loadedAt;
    private int _loads;
    private TimeSpan _silence = TimeSpan.FromSeconds(30);
    private bool _isResuming;

    /// <summary>How often it was told that some events are gone.</summary>
    public int Reloads => Math.Max(0, Volatile.Read(ref _loads) - 1);

    public bool IsWelcome => Volatile.Read(ref _loads) > 0;

    /// <summary>Whether it has an event, by being told or by having loaded.</summary>
    public bool Knows(int number, KeptEvent kept)
    {
        lock (Lock)
        {
            return _told.ContainsKey(number) || kept.KeptAt < _loadedAt;
        }
    }

    public IReadOnlyList<KeyValuePair<Place, int>> Places()
    {
        lock (Lock)
        {
            return [.. _places];
        }
    }

    public override string ToString() => $"client of {User}";

    protected override async Task FollowAsync(HubSocket socket)
    {
        _isResuming = _connectionId.Length > 0;
        var position = _isResuming ? new Resume { Epoch = _epoch, Sequence = _sequence } : null;
        await socket.SendAsync(new ClientFrame { Hello = new Hello { SessionId = Session, PreviousConnectionId = _connectionId, Resume = position } });
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(Ending);
        silence.CancelAfter(_silence);
        while (await socket.ReceiveAsync(silence.Token) is { } bytes)
        {
            silence.CancelAfter(_silence);
            if (Answer(ServerFrame.Parser.ParseFrom(bytes.Span)) is { } answer)
            {
                await socket.SendAsync(answer);
            }
        }
    }

    /// <summary>Deals with a frame. Returns what has to be said to it, if anything.</summary>
    private ClientFrame? Answer(ServerFrame frame)
    {
        var mustResume = false;
        lock (Lock)
        {
            switch (frame.FrameCase)
            {
                case ServerFrame.FrameOneofCase.Welcome:
                    if (_connectionId.Length == 0)
                    {
                        Load(frame.Welcome.Epoch, frame.Welcome.Sequence);
                    }

                    _connectionId = frame.Welcome.ConnectionId;
                    Wait = Pause;
                    _silence = 2 * TimeSpan.FromMilliseconds(frame.Welcome.HeartbeatIntervalMs);
                    break;
                case ServerFrame.FrameOneofCase.Resumed:
                    if (frame.Resumed.Resumed_)
                    {
                        _sequence = frame.Resumed.Sequence;
                        _aside.Clear();
                    }
                    else
                    {
                        Load(frame.Resumed.Epoch, frame.Resumed.Sequence);
                    }

                    // What comes again is asked for once, whatever else shows that it is missing.
                    _isResuming = false;
                    break;
                case ServerFrame.FrameOneofCase.Heartbeat:
                    mustResume = frame.Heartbeat.Epoch != _epoch || frame.Heartbeat.Sequence != _sequence;
                    break;
                case ServerFrame.FrameOneofCase.Event:
                    mustResume = !Take(frame.Event);
                    break;
                case ServerFrame.FrameOneofCase.Drain:
                    Wait = TimeSpan.FromMilliseconds(frame.Drain.ReconnectDelayMs + (Random.Shared.NextDouble() * frame.Drain.JitterMs));
                    break;
                case ServerFrame.FrameOneofCase.SessionExpired:
                    // Whoever took it away has given it back by now.
                    _isResuming = true;
                    return new ClientFrame { Authenticate = new Authenticate { SessionId = Session } };
            }

            if (!mustResume || _isResuming)
            {
                return null;
            }

            _isResuming = true;
            return new ClientFrame { Resume = new Resume { Epoch = _epoch, Sequence = _sequence } };
        }
    }

    private void Load(string epoch, ulong sequence)
    {
        (_epoch, _sequence) = (epoch, sequence);
        _aside.Clear();
        _loadedAt = Stopwatch.GetTimestamp();
        _loads++;
    }

    /// <summary>False when something is missing before it.</summary>
    private bool Take(Event next)
    {
        if (next.Sequence == 0)
        {
            Note(next);
            return true;
        }

        if (next.Sequence > _sequence && !_isResuming)
        {
            _aside[next.Sequence] = next;
        }

        while (_aside.Remove(_sequence + 1, out var following))
        {
            _sequence++;
            Note(following);
        }

        return _aside.Count == 0;
    }

    private void Note(Event told)
    {
        if (told.Notify is null || Ledger.NumberOf(told.Notify) is not { } number)
        {
            return;
        }

        if (_told.TryGetValue(number, out var loads) && loads == _loads)
        {
            // Without having been told in between that the count began anew.
            ToldTwice.Add(number);
        }

        _told[number] = _loads;
        if (told.Sequence != 0)
        {
            _places[new Place(_epoch, told.Sequence)] = number;
        }
    }
}
