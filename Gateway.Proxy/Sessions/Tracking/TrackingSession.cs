using System.Threading.Channels;

namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>
/// The life of one tracking connection: reads the sessions that are to be remembered, takes in what Redis tells, and proves several times
/// a second that nothing is missing. Whatever ends it, nothing is remembered afterwards.
/// </summary>
/// <param name="connection">The connection, on which the handshake is done.</param>
/// <param name="remembered">Where sessions are remembered.</param>
/// <param name="keys">The keys of sessions.</param>
/// <param name="wanted">Sessions to be remembered.</param>
/// <param name="isStillAsked">Whether the gateway's other look-ups still go to this server.</param>
/// <param name="time">The clock of proofs and lifetimes.</param>
internal sealed class TrackingSession(
    TrackingConnection connection,
    RememberedSessions remembered,
    SessionKeys keys,
    ChannelReader<string> wanted,
    Func<Task<bool>> isStillAsked,
    TimeProvider time) : IDisposable
{
    /// <summary>Several proofs within the time that one is good for.</summary>
    private static readonly TimeSpan Beat = RememberedSessions.ProofAge / 4;

    private readonly TrackingReplies _replies = new(remembered, keys, time);
    private readonly SemaphoreSlim _sending = new(1);

    /// <summary>Ends with the reason why it cannot go on.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] all = [ReceiveAsync(ending.Token), RequestAsync(ending.Token), ProveAsync(ending.Token), WatchAsync(ending.Token)];
        try
        {
            await await Task.WhenAny(all);
        }
        finally
        {
            remembered.Doubt();
            await ending.CancelAsync();
            await Task.WhenAll(all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Once more: an answer may have come in the meantime.
            remembered.Doubt();
            remembered.ForgetAll();
        }
    }

    public void Dispose() => _sending.Dispose();

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            _replies.Take(await connection.ReadAsync(cancellationToken));
        }
    }

    private async Task RequestAsync(CancellationToken cancellationToken)
    {
        await foreach (var sessionId in wanted.ReadAllAsync(cancellationToken))
        {
            await SendAsync(sessionId, cancellationToken);
        }
    }

    private async Task ProveAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Beat, time);
        do
        {
            if (!await isStillAsked())
            {
                throw new IOException("Look-ups go to another server.");
            }

            await SendAsync(null, cancellationToken);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>By itself, because sending to a frozen Redis may wait for ever.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(RememberedSessions.ProofAge, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (!remembered.IsProven)
            {
                throw new TimeoutException("Redis does not answer.");
            }
        }
    }

    private async Task SendAsync(string? sessionId, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            _replies.Expect(new TrackingRequest(sessionId, time.GetTimestamp()));
            if (sessionId is null)
            {
                connection.Add("HELLO", "3");
            }
            else
            {
                var key = keys.KeyOf(sessionId);
                connection.Add("GET", key);
                connection.Add("PTTL", key);
            }

            await connection.SendAsync(cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }
}
