namespace Gateway.Chaos.Hub;

/// <summary>A client that comes back when its connection breaks.</summary>
internal abstract class ReconnectingClient : IAsyncDisposable
{
    protected static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly IReadOnlyList<Uri> _addresses;
    private readonly CancellationTokenSource _ending = new();
    private readonly bool _isExtended;
    private readonly Task _running;
    private HubSocket? _socket;
    private int _turn;

    /// <param name="ledger">What it is told of.</param>
    /// <param name="user">Who it is.</param>
    /// <param name="session">With which session.</param>
    /// <param name="addresses">Where it connects, in turn.</param>
    /// <param name="isExtended">Whether it speaks gateway.notify.v2.</param>
    protected ReconnectingClient(Ledger ledger, string user, string session, IReadOnlyList<Uri> addresses, bool isExtended)
    {
        Ledger = ledger;
        User = user;
        Session = session;
        _addresses = addresses;
        _isExtended = isExtended;
        _running = Task.Run(RunAsync);
    }

    public string User { get; }

    /// <summary>Where it is connected, or about to be.</summary>
    public Uri Address => _addresses[Turn % _addresses.Count];

    /// <summary>The longest it waits before it comes back, whatever it is told.</summary>
    public TimeSpan LongestPause { get; set; } = TimeSpan.MaxValue;

    protected Ledger Ledger { get; }

    protected string Session { get; }

    /// <summary>Guards what it has been told.</summary>
    protected Lock Lock { get; } = new();

    /// <summary>What it was told twice.</summary>
    protected List<int> ToldTwice { get; } = [];

    /// <summary>How many connections it has had.</summary>
    protected int Turn => Volatile.Read(ref _turn);

    /// <summary>How long it waits before it comes back: longer unless it is let in.</summary>
    protected TimeSpan Wait { get; set; }

    protected CancellationToken Ending => _ending.Token;

    public IReadOnlyList<int> Doubled()
    {
        lock (Lock)
        {
            return [.. ToldTwice];
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

    /// <summary>Joins on a new connection, and listens until it breaks.</summary>
    protected abstract Task FollowAsync(HubSocket socket);

    private async Task RunAsync()
    {
        for (; !_ending.IsCancellationRequested; Interlocked.Increment(ref _turn))
        {
            Wait = TimeSpan.FromSeconds(1 + Random.Shared.NextDouble());
            try
            {
                using var socket = await HubSocket.OpenAsync(Address, _isExtended);
                _socket = socket;
                await FollowAsync(socket);
            }
            catch (Exception exception) when (HubSocket.IsBreak(exception))
            {
                // It broke, and is opened again.
            }

            await Task.Delay(Wait < LongestPause ? Wait : LongestPause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
