using System.Collections.Concurrent;
using System.Threading.Channels;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Sessions;

/// <summary>Has each session that a call comes with renewed. In the path only when <see cref="RenewalOptions.SessionTtl"/> is set.</summary>
internal sealed class RenewingSessions(ISessionStore inner, CallRenewals renewals) : ISessionStore
{
    public ISessionStore Source => inner.Source;

    public ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken)
    {
        var lookup = inner.FindUserAsync(sessionId, cancellationToken);
        if (!lookup.IsCompletedSuccessfully)
        {
            return AwaitAsync(lookup, sessionId);
        }

        var found = lookup.Result;
        Note(found, sessionId);
        return new(found);
    }

    private async ValueTask<SessionLookup> AwaitAsync(ValueTask<SessionLookup> lookup, string sessionId)
    {
        var found = await lookup;
        Note(found, sessionId);
        return found;
    }

    private void Note(SessionLookup found, string sessionId)
    {
        if (found.UserId is not null)
        {
            renewals.Note(sessionId);
        }
    }
}

/// <summary>
/// Renews the sessions of calls behind their back, each at most once in an interval; who comes while others are renewed gathers. Bounded: beyond
/// <see cref="Most"/> sessions in an interval some are renewed again, and what Redis does not take is left out.
/// </summary>
internal sealed class CallRenewals(KeyRenewal renewal, IOptions<SessionOptions> options, TimeProvider time) : BackgroundService
{
    internal const int Most = 100_000;

    private const int AtOnce = 1_000;

    private readonly TimeSpan _interval = options.Value.Renew.Interval;
    private readonly ConcurrentDictionary<string, long> _renewedAt = new(StringComparer.Ordinal);
    private readonly Channel<string> _due = Channel.CreateBounded<string>(new BoundedChannelOptions(Most) { SingleReader = true });
    private int _known;

    public void Note(string sessionId)
    {
        var now = time.GetTimestamp();
        if (_renewedAt.TryGetValue(sessionId, out var before)
            ? time.GetElapsedTime(before, now) >= _interval && _renewedAt.TryUpdate(sessionId, now, before)
            : _renewedAt.TryAdd(sessionId, now) && Count())
        {
            _due.Writer.TryWrite(sessionId);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Renew.SessionTtl == TimeSpan.Zero)
        {
            return;
        }

        var sweep = SweepAsync(stoppingToken);
        try
        {
            List<string> some = [];
            while (await _due.Reader.WaitToReadAsync(stoppingToken))
            {
                while (some.Count < AtOnce && _due.Reader.TryRead(out var sessionId))
                {
                    some.Add(sessionId);
                }

                await renewal.RenewSessionsAsync(some, stoppingToken);
                some.Clear();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // It stops.
        }

        await sweep;
    }

    /// <summary>Forgets who has not called for an interval.</summary>
    private async Task SweepAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var now = time.GetTimestamp();
                foreach (var entry in _renewedAt)
                {
                    if (time.GetElapsedTime(entry.Value, now) >= _interval && _renewedAt.TryRemove(entry))
                    {
                        Interlocked.Decrement(ref _known);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // It stops.
        }
    }

    private bool Count()
    {
        if (Interlocked.Increment(ref _known) > Most)
        {
            Interlocked.Exchange(ref _known, 0);
            _renewedAt.Clear();
        }

        return true;
    }
}
