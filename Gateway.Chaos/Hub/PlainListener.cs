using System.Diagnostics;
using Gateway.Protocol;

namespace Gateway.Chaos.Hub;

/// <summary>A plain client that comes back when its connection breaks, and writes down what it was told.</summary>
internal sealed class PlainListener : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Ledger _ledger;
    private readonly string _session;
    private readonly IReadOnlyList<Uri> _addresses;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    private readonly List<(int Number, int Turn)> _told = [];
    private readonly Dictionary<int, int> _known = [];
    private readonly List<int> _doubled = [];
    private readonly Task _running;
    private HubSocket? _socket;
    private int _turn;
    private long _firstToldAt = long.MaxValue;

    public PlainListener(Ledger ledger, string user, string session, IReadOnlyList<Uri> addresses)
    {
        _ledger = ledger;
        User = user;
        _session = session;
        _addresses = addresses;
        _running = Task.Run(RunAsync);
    }

    public string User { get; }

    /// <summary>Where it is connected, or about to be.</summary>
    public Uri Address => _addresses[Volatile.Read(ref _turn) % _addresses.Count];

    /// <summary>Whether it has ever been told anything: nothing else says that a plain client is let in.</summary>
    public bool IsWelcome => Volatile.Read(ref _firstToldAt) != long.MaxValue;

    /// <summary>Whether it has an event, by being told or by having loaded when it came.</summary>
    public bool Knows(int number, KeptEvent kept)
    {
        lock (_lock)
        {
            return _known.ContainsKey(number) || kept.KeptAt < _firstToldAt;
        }
    }

    /// <summary>What it was told, in order, and on which of its connections.</summary>
    public IReadOnlyList<(int Number, int Turn)> Told()
    {
        lock (_lock)
        {
            return [.. _told];
        }
    }

    /// <summary>What it was told twice on one connection: with each new one it loads anew.</summary>
    public IReadOnlyList<int> Doubled()
    {
        lock (_lock)
        {
            return [.. _doubled];
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

    public override string ToString() => $"plain client of {User}";

    private async Task RunAsync()
    {
        for (; !_ending.IsCancellationRequested; Interlocked.Increment(ref _turn))
        {
            // Unless it is told anything.
            var wait = TimeSpan.FromSeconds(1 + Random.Shared.NextDouble());
            try
            {
                using var socket = await HubSocket.OpenAsync(Address, isExtended: false);
                _socket = socket;
                await socket.SendAsync(new ClientAuthenticationReq { RequestId = "r", SessionId = _session });
                while (await socket.ReceiveAsync(_ending.Token) is { } bytes)
                {
                    wait = Pause;
                    Note(_ledger.NumberOf(NotifyMessage.Parser.ParseFrom(bytes.Span)));
                }
            }
            catch (Exception exception) when (HubSocket.IsBreak(exception))
            {
                // It broke, and is opened again.
            }

            await Task.Delay(wait, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Note(int? told)
    {
        if (told is not { } number)
        {
            return;
        }

        lock (_lock)
        {
            _firstToldAt = Math.Min(_firstToldAt, Stopwatch.GetTimestamp());
            _told.Add((number, _turn));
            if (_known.TryGetValue(number, out var turn) && turn == _turn)
            {
                _doubled.Add(number);
            }

            _known[number] = _turn;
        }
    }
}
