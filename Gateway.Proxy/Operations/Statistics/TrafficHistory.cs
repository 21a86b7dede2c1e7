using Gateway.Transforms.Upstream;
using Yarp.ReverseProxy;

namespace Gateway.Proxy.Operations.Statistics;

/// <summary>What has gone through this gateway in the last hour, a point every ten seconds. Kept in this process.</summary>
internal sealed class TrafficHistory(Traffic traffic, IProxyStateLookup proxy, DestinationLoad load, TimeProvider time) : IHostedService, IDisposable
{
    public const int MaxPoints = 360;

    /// <summary>"Now" is the period that has just begun and the one before, so it is never a moment.</summary>
    private const int PeriodsOfNow = 2;

    private readonly Lock _lock = new();
    private readonly Queue<TrafficPoint> _points = [];

    /// <summary>As of the beginnings of the last minute's periods, oldest first.</summary>
    private readonly Queue<Counts> _counts = [];

    private long _nextPeriod;
    private ITimer? _timer;

    public IReadOnlyList<TrafficPoint> Points
    {
        get
        {
            lock (_lock)
            {
                return [.. _points];
            }
        }
    }

    public TrafficNow Now()
    {
        var now = Take();
        lock (_lock)
        {
            return new TrafficNow(
                PointOf(_counts.ElementAt(Math.Max(0, _counts.Count - PeriodsOfNow)), now, CallWindow.Recent(time, traffic.AllCalls, PeriodsOfNow)),
                new LastMinute(
                    CallWindow.LastMinute(time, traffic.AllCalls)?.Outcomes ?? new Dictionary<string, long>(),
                    now.Traffic.SlowConsumers - _counts.Peek().Traffic.SlowConsumers,
                    now.Traffic.Lost - _counts.Peek().Traffic.Lost),
                traffic.Clusters(),
                traffic.Routes(),
                traffic.Canaries());
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _nextPeriod = CallWindow.PeriodOf(time, time.GetTimestamp());
        _counts.Enqueue(Take());
        _timer = time.CreateTimer(static history => ((TrafficHistory)history!).AddPoint(), this, CallWindow.Period, CallWindow.Period);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken) => await (_timer?.DisposeAsync() ?? default);

    public void Dispose() => _timer?.Dispose();

    private void AddPoint()
    {
        var now = Take();
        var period = CallWindow.PeriodOf(time, now.Timestamp);
        lock (_lock)
        {
            // A timer may come late, and a period must neither be told twice nor be left out.
            var calls = new CallCounts();
            var periods = Math.Max(1, period - _nextPeriod);
            for (; _nextPeriod < period; _nextPeriod++)
            {
                foreach (var window in traffic.AllCalls)
                {
                    window.AddTo(calls, _nextPeriod);
                }
            }

            _points.Enqueue(PointOf(_counts.Last(), now, calls.Over(periods * CallWindow.Period.TotalSeconds)));
            _counts.Enqueue(now);
            if (_points.Count > MaxPoints)
            {
                _points.Dequeue();
            }

            if (_counts.Count > CallWindow.Periods)
            {
                _counts.Dequeue();
            }
        }
    }

    private Counts Take() => new(time.GetTimestamp(), time.GetUtcNow(), traffic.Report(), proxy.GetClusters().SelectMany(cluster => cluster.DestinationsState.AllDestinations).Sum(load.Of));

    private TrafficPoint PointOf(Counts older, Counts newer, CallRates calls)
    {
        var seconds = Math.Max(1, time.GetElapsedTime(older.Timestamp, newer.Timestamp).TotalSeconds);
        return new TrafficPoint(
            newer.At,
            calls.CallsPerSecond,
            calls.FailedPerSecond,
            calls.RefusedPerSecond,
            calls.P50,
            calls.P99,
            newer.Running,
            newer.Traffic.Sockets,
            Rate(older.Traffic.Published, newer.Traffic.Published),
            Rate(older.Traffic.Pushed, newer.Traffic.Pushed),
            Rate(older.Traffic.Delivered, newer.Traffic.Delivered),
            Rate(older.Traffic.Dropped, newer.Traffic.Dropped),
            newer.Traffic.SlowConsumers - older.Traffic.SlowConsumers);

        double Rate(long before, long after) => Math.Round((after - before) / seconds, 3);
    }

    private sealed record Counts(long Timestamp, DateTimeOffset At, TrafficReport Traffic, int Running);
}

/// <summary>What <c>/admin/traffic</c> says.</summary>
/// <param name="Now">The last ten to twenty seconds.</param>
/// <param name="LastMinute">What went wrong in the last minute, and what did not.</param>
/// <param name="Clusters">The calls of the last minute by cluster; those that had any.</param>
/// <param name="Routes">The same by route.</param>
/// <param name="Canaries">Where the requests of routes with a canary have gone in the last minute, by route; those that had any.</param>
internal sealed record TrafficNow(
    TrafficPoint Now,
    LastMinute LastMinute,
    IReadOnlyDictionary<string, CallRates> Clusters,
    IReadOnlyDictionary<string, CallRates> Routes,
    IReadOnlyDictionary<string, IReadOnlyList<CanaryTraffic>> Canaries);

/// <param name="Outcomes">How many calls ended how; those outcomes that occurred.</param>
/// <param name="SlowConsumers">Sockets closed because they did not read their events.</param>
/// <param name="Lost">Events that could not be taken to other gateways.</param>
internal sealed record LastMinute(IReadOnlyDictionary<string, long> Outcomes, long SlowConsumers, long Lost);

/// <summary>What went through in one period, and how much was there at its end.</summary>
/// <param name="At">The end of the period.</param>
/// <param name="CallsPerSecond">See <see cref="CallRates"/>, as the next four.</param>
/// <param name="FailedPerSecond"></param>
/// <param name="RefusedPerSecond"></param>
/// <param name="P50"></param>
/// <param name="P99"></param>
/// <param name="RunningRequests">Requests under way.</param>
/// <param name="Sockets">Sockets open.</param>
/// <param name="PublishedPerSecond">Events published here.</param>
/// <param name="PushedPerSecond">Events that sub-services pushed, by whichever way.</param>
/// <param name="DeliveredPerSecond">Events written to sockets of this gateway.</param>
/// <param name="DroppedPerSecond">Events that a closing socket did not get any more.</param>
/// <param name="SlowConsumers">Sockets closed because they did not read their events.</param>
internal sealed record TrafficPoint(
    DateTimeOffset At,
    double CallsPerSecond,
    double FailedPerSecond,
    double RefusedPerSecond,
    double? P50,
    double? P99,
    int RunningRequests,
    long Sockets,
    double PublishedPerSecond,
    double PushedPerSecond,
    double DeliveredPerSecond,
    double DroppedPerSecond,
    long SlowConsumers);
