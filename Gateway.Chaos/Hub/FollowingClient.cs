using System.Diagnostics;
using Gateway.Protocol.NotifyV2;

namespace Gateway.Chaos.Hub;

/// <summary>A client of gateway.notify.v2 that does what docs/notify-protocol.md asks for, and writes down what it was told.</summary>
internal sealed class FollowingClient : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Ledger _ledger;
    private readonly string _session;
    private readonly IReadOnlyList<Uri> _addresses;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    /// <summary>Which events it was told, and how often it had loaded by then.</summary>
    private readonly Dictionary<int, int> _told = [];
    private readonly List<int> _doubled = [];
    private readonly Dictionary<Place, int> _places = [];
    private readonly SortedDictionary<ulong, Event> _aside = [];
    private readonly Task _running;
    private HubSocket? _socket;
    private string _connectionId = "";
    private string _epoch = "";
    private ulong _sequence;
    private long _loadedAt;
    private int _loads;
    private TimeSpan _silence = TimeSpan.FromSeconds(30);
    private TimeSpan _wait;
    private bool _isResuming;

    public FollowingClient(Ledger ledger, string user, string session, IReadOnlyList<Uri> addresses)
    {
        _ledger = ledger;
        User = user;
        _session = session;
        _addresses = addresses;
        _running = Task.Run(RunAsync);
    }

    public string User { get; }

    /// <summary>How often it was told that some events are gone.</summary>
    public int Reloads => Math.Max(0, Volatile.Read(ref _loads) - 1);

    public bool IsWelcome => Volatile.Read(ref _loads) > 0;

    /// <summary>Whether it has an event, by being told or by having loaded.</summary>
    public bool Knows(int number, KeptEvent kept)
    {
        lock (_lock)
        {
            return _told.ContainsKey(number) || kept.KeptAt < _loadedAt;
        }
    }

    /// <summary>What it was told twice, without having been told in between that the count began anew.</summary>
    public IReadOnlyList<int> Doubled()
    {
        lock (_lock)
        {
            return [.. _doubled];
        }
    }

    public IReadOnlyList<KeyValuePair<Place, int>> Places()
    {
        lock (_lock)
        {
            return [.. _places];
        }
    }

    /// <summary>Breaks the connection; it comes back by itself.</summary>
    public void Break() => _socket?.Dispose();

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        Break();
        await _running;
        _ending.Dispose();
    }

    public override string ToString() => $"client of {User}";

    private async Task RunAsync()
    {
        for (var turn = 0; !_ending.IsCancellationRequested; turn++)
        {
            // Unless it is let in.
            _wait = TimeSpan.FromSeconds(1 + Random.Shared.NextDouble());
            try
            {
                using var socket = await HubSocket.OpenAsync(_addresses[turn % _addresses.Count], isExtended: true);
                _socket = socket;
                await FollowAsync(socket);
            }
            catch (Exception exception) when (HubSocket.IsBreak(exception))
            {
                // It broke, and is opened again.
            }

            await Task.Delay(_wait, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(HubSocket socket)
    {
        _isResuming = _connectionId.Length > 0;
        var position = _isResuming ? new Resume { Epoch = _epoch, Sequence = _sequence } : null;
        await socket.SendAsync(new ClientFrame { Hello = new Hello { SessionId = _session, PreviousConnectionId = _connectionId, Resume = position } });
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
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
        lock (_lock)
        {
            switch (frame.FrameCase)
            {
                case ServerFrame.FrameOneofCase.Welcome:
                    if (_connectionId.Length == 0)
                    {
                        Load(frame.Welcome.Epoch, frame.Welcome.Sequence);
                    }

                    _connectionId = frame.Welcome.ConnectionId;
                    _wait = Pause;
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
                    _wait = TimeSpan.FromMilliseconds(frame.Drain.ReconnectDelayMs + (Random.Shared.NextDouble() * frame.Drain.JitterMs));
                    break;
                case ServerFrame.FrameOneofCase.SessionExpired:
                    // Whoever took it away has given it back by now.
                    _isResuming = true;
                    return new ClientFrame { Authenticate = new Authenticate { SessionId = _session } };
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
        if (told.Notify is null || _ledger.NumberOf(told.Notify) is not { } number)
        {
            return;
        }

        if (_told.TryGetValue(number, out var loads) && loads == _loads)
        {
            _doubled.Add(number);
        }

        _told[number] = _loads;
        if (told.Sequence != 0)
        {
            _places[new Place(_epoch, told.Sequence)] = number;
        }
    }
}
