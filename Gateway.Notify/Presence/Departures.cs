using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Presence;

/// <summary>
/// Users whose last socket has gone, where one node is all there is: after the grace period their login state is tidied, unless they
/// have come back. A failed attempt is repeated until it succeeds or they come back.
/// </summary>
internal sealed class Departures(IOptions<NotifyOptions> options, DepartureActions actions, TimeProvider time, ILogger<Departures> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Departure> _users = new(StringComparer.Ordinal);

    /// <summary>A socket has gone.</summary>
    public void Left(string userId, string sessionId, bool wasLast)
    {
        var action = options.Value.OnLastDisconnect;
        if (action == LastDisconnect.Logout || (action == LastDisconnect.ClearMarker && wasLast))
        {
            _users.GetOrAdd(userId, _ => new Departure()).Add(sessionId, wasLast ? time.GetUtcNow() + options.Value.LastDisconnectGrace : null);
        }
    }

    public void CameBack(string userId)
    {
        if (_users.TryGetValue(userId, out var departure))
        {
            departure.Cancel();
        }
    }

    /// <summary>Who is still in the grace period when this node stops can't be looked after any more, so they are tidied at once.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TidyAsync(DateTimeOffset.MaxValue, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TidyAsync(time.GetUtcNow(), stoppingToken);
        }
    }

    private async Task TidyAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var (userId, departure) in _users.Where(user => user.Value.DueAt <= now).ToArray())
        {
            if (await actions.TryTidyAsync(userId, departure.Sessions(), logger, cancellationToken))
            {
                _users.TryRemove(new KeyValuePair<string, Departure>(userId, departure));
            }
        }
    }

    /// <summary>The sessions of the sockets that have left, and when the last one's grace is over.</summary>
    private sealed class Departure
    {
        private readonly HashSet<string> _sessions = new(StringComparer.Ordinal);

        public DateTimeOffset? DueAt { get; private set; }

        public void Add(string sessionId, DateTimeOffset? dueAt)
        {
            lock (_sessions)
            {
                _sessions.Add(sessionId);
                DueAt = dueAt ?? DueAt;
            }
        }

        public void Cancel()
        {
            lock (_sessions)
            {
                DueAt = null;
            }
        }

        public IReadOnlyCollection<string> Sessions()
        {
            lock (_sessions)
            {
                return [.. _sessions];
            }
        }
    }
}
