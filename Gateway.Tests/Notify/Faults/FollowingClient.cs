using System.Net.WebSockets;
using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Notify.Faults;

/// <summary>A client of gateway.notify.v2 that does what docs/notify-protocol.md asks for, and writes down what it was told.</summary>
internal sealed class FollowingClient : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Ledger _ledger;
    private readonly Uri[] _addresses;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    private readonly List<int> _told = [];
    private readonly List<(int At, int Loaded)> _loads = [];
    private readonly Dictionary<(string Epoch, ulong Sequence), int> _places = [];
    private readonly SortedDictionary<ulong, Event> _aside = [];
    private readonly Task _running;
    private NotifyClient? _socket;
    private string _connectionId = "";
    private string _epoch = "";
    private ulong _sequence;
    private bool _isResuming;

    public FollowingClient(Ledger ledger, Uri[] addresses)
    {
        _ledger = ledger;
        _addresses = addresses;
        _running = Task.Run(RunAsync);
    }

    /// <summary>How often it was told that some events are gone.</summary>
    public int Reloads
    {
        get
        {
            lock (_lock)
            {
                return _loads.Count - 1;
            }
        }
    }

    public bool IsWelcome
    {
        get
        {
            lock (_lock)
            {
                return _loads.Count > 0;
            }
        }
    }

    /// <summary>Whether it has an event, by being told or by having loaded.</summary>
    public bool Knows(int number)
    {
        lock (_lock)
        {
            return _told.Contains(number) || _loads.Any(load => load.Loaded > number);
        }
    }

    /// <summary>What it was told twice, without having been told in between that the count began anew.</summary>
    public IReadOnlyList<int> Doubled()
    {
        lock (_lock)
        {
            return
            [
                .. _told.Select((number, at) => (number, at)).GroupBy(one => one.number)
                    .Where(group => group.Zip(group.Skip(1)).Any(pair => !_loads.Any(load => load.At > pair.First.at && load.At <= pair.Second.at)))
                    .Select(group => group.Key),
            ];
        }
    }

    public IReadOnlyList<KeyValuePair<(string Epoch, ulong Sequence), int>> Places()
    {
        lock (_lock)
        {
            return [.. _places];
        }
    }

    /// <summary>Breaks the connection; it comes back by itself.</summary>
    public ValueTask BreakAsync() => _socket?.DisposeAsync() ?? default;

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await BreakAsync();
        await _running.DefaultTimeout();
        _ending.Dispose();
    }

    private async Task RunAsync()
    {
        for (var turn = 0; !_ending.IsCancellationRequested; turn++)
        {
            try
            {
                _socket = await NotifyClient.OpenAsync(_addresses[turn % _addresses.Length], options => options.AddSubProtocol("gateway.notify.v2"));
                await FollowAsync(_socket);
            }
            catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or TimeoutException)
            {
                // It broke, and is opened again.
            }

            await Task.Delay(Pause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(NotifyClient socket)
    {
        _isResuming = _connectionId.Length > 0;
        await socket.SendAsync(new ClientFrame
        {
            Hello = new Hello
            {
                SessionId = $"s-{_ledger.User}",
                PreviousConnectionId = _connectionId,
                Resume = _connectionId.Length == 0 ? null : new Resume { Epoch = _epoch, Sequence = _sequence },
            },
        }.ToByteArray());
        while (!_ending.IsCancellationRequested && await socket.TryReceiveRawAsync() is { } bytes)
        {
            var frame = ServerFrame.Parser.ParseFrom(bytes);
            var mustResume = false;
            lock (_lock)
            {
                switch (frame.FrameCase)
                {
                    case ServerFrame.FrameOneofCase.Welcome when _connectionId.Length == 0:
                        _connectionId = frame.Welcome.ConnectionId;
                        Load(frame.Welcome.Epoch, frame.Welcome.Sequence);
                        break;
                    case ServerFrame.FrameOneofCase.Welcome:
                        _connectionId = frame.Welcome.ConnectionId;
                        break;
                    case ServerFrame.FrameOneofCase.Resumed when frame.Resumed.Resumed_:
                        _sequence = frame.Resumed.Sequence;
                        _aside.Clear();
                        break;
                    case ServerFrame.FrameOneofCase.Resumed:
                        Load(frame.Resumed.Epoch, frame.Resumed.Sequence);
                        break;
                    case ServerFrame.FrameOneofCase.Heartbeat:
                        mustResume = frame.Heartbeat.Epoch != _epoch || frame.Heartbeat.Sequence != _sequence;
                        break;
                    case ServerFrame.FrameOneofCase.Event:
                        mustResume = !Take(frame.Event);
                        break;
                }
            }

            // What comes again is asked for once, whatever else shows that it is missing.
            _isResuming &= frame.FrameCase != ServerFrame.FrameOneofCase.Resumed;
            if (mustResume && !_isResuming)
            {
                _isResuming = true;
                await socket.SendAsync(new ClientFrame { Resume = new Resume { Epoch = _epoch, Sequence = _sequence } }.ToByteArray());
            }
        }
    }

    private void Load(string epoch, ulong sequence)
    {
        (_epoch, _sequence) = (epoch, sequence);
        _aside.Clear();
        _loads.Add((_told.Count, _ledger.Count));
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
        if (told.Notify is null)
        {
            return;
        }

        var number = int.Parse(told.Notify.FriendRemove.UserId);
        _told.Add(number);
        if (told.Sequence != 0)
        {
            _places[(_epoch, told.Sequence)] = number;
        }
    }
}
