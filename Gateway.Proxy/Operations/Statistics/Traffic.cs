using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Gateway.Proxy.Canary;
using Gateway.Transforms.Reporting;

namespace Gateway.Proxy.Operations.Statistics;

/// <summary>
/// What has gone through this gateway since it started, for the management page. Listens to the gateway's own metrics, so that nothing
/// is counted twice, and the page and the metrics have the same numbers.
/// </summary>
internal sealed class Traffic : IDisposable
{
    private const string Calls = "gateway.rpc.duration";
    private const string DestinationCalls = "gateway.destination.duration";
    private const string Closed = "gateway.notify.closed";
    private const int SlowConsumer = 4450;

    /// <summary>Instances and routes come and go for months; beyond this many those are forgotten that nobody has called in the last minute.</summary>
    private const int MaxCounts = 2000;

    private readonly TimeProvider _time;
    private readonly long _since;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, StrongBox<long>> _sums = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StrongBox<long>> _outcomes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Route, string Cluster), CallWindow> _routes = new();
    private readonly ConcurrentDictionary<(string Cluster, string Destination), DestinationCount> _destinations = new();
    private readonly ConcurrentDictionary<(string Route, string Cluster, string By), RequestWindow> _canaries = new();
    private readonly StrongBox<long> _slowConsumers = new();

    public Traffic(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _since = time.GetTimestamp();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // One process may hold several gateways.
            if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Name.StartsWith("gateway.", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument, _sums.GetOrAdd(instrument.Name, _ => new StrongBox<long>()));
            }
        };
        _listener.SetMeasurementEventCallback<long>(Add);
        _listener.SetMeasurementEventCallback<double>(Count);
        _listener.Start();
    }

    /// <summary>The calls of the last minute on all routes.</summary>
    public IEnumerable<CallWindow> AllCalls => _routes.Values;

    public TrafficReport Report() => new(
        _outcomes.ToDictionary(outcome => outcome.Key, outcome => Read(outcome.Value)),
        Sum("gateway.notify.sockets"),
        Sum("gateway.notify.published"),
        Sum("gateway.push.events"),
        Sum("gateway.notify.delivered"),
        Sum("gateway.notify.dropped"),
        Read(_slowConsumers),
        Sum("gateway.notify.lost"),
        Sum("gateway.notify.queue"));

    /// <summary>The calls of the last minute by route, those of routes that had any.</summary>
    public IReadOnlyDictionary<string, CallRates> Routes() => By(key => key.Route);

    /// <summary>The same by cluster. Calls that were refused before it was known where they go are in none.</summary>
    public IReadOnlyDictionary<string, CallRates> Clusters() => By(key => key.Cluster);

    /// <summary>Where the requests of routes with a canary have gone in the last minute, by route; those of routes that had any.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<CanaryTraffic>> Canaries() => (
        from count in _canaries
        let requests = count.Value.LastMinute
        where requests > 0
        group (count.Key.Cluster, count.Key.By, requests) by count.Key.Route).ToDictionary(
            route => route.Key,
            IReadOnlyList<CanaryTraffic> (route) => [.. from count in route
                group count by count.Cluster into cluster
                orderby cluster.Key
                select new CanaryTraffic(
                    cluster.Key,
                    cluster.Sum(count => count.requests),
                    cluster.Where(count => count.By == CanaryReason.Fallback).Sum(count => count.requests),
                    _routes.TryGetValue((route.Key, cluster.Key), out var calls) ? CallWindow.LastMinute(_time, [calls]) : null)],
            StringComparer.Ordinal);

    /// <summary>The calls to an instance.</summary>
    public DestinationTraffic CallsTo(string cluster, string address) => _destinations.TryGetValue((cluster, address), out var count)
        ? new DestinationTraffic(Volatile.Read(ref count.Calls), Volatile.Read(ref count.Failed), CallWindow.LastMinute(_time, [count.Window]))
        : new DestinationTraffic(0, 0, null);

    public void Dispose() => _listener.Dispose();

    private static long Read(StrongBox<long> sum) => Volatile.Read(ref sum.Value);

    private long Sum(string instrument) => _sums.TryGetValue(instrument, out var sum) ? Read(sum) : 0;

    private void Add(Instrument instrument, long measurement, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        Interlocked.Add(ref ((StrongBox<long>)state!).Value, measurement);
        if (instrument.Name == Closed && Tag(tags, "code") is SlowConsumer)
        {
            Interlocked.Add(ref _slowConsumers.Value, measurement);
        }
        else if (instrument.Name == CanaryMetrics.Requests)
        {
            CountOf(_canaries, (TextOf(tags, "route"), TextOf(tags, "cluster"), TextOf(tags, "by")), static traffic => new RequestWindow(traffic._time), static window => window.IsOver)
                .Add(measurement);
        }
    }

    private void Count(Instrument instrument, double measurement, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        if (Tag(tags, "outcome") is not string outcome)
        {
            return;
        }

        var cluster = TextOf(tags, "cluster");
        if (instrument.Name == Calls)
        {
            Interlocked.Increment(ref _outcomes.GetOrAdd(outcome, _ => new StrongBox<long>()).Value);
            CountOf(_routes, (TextOf(tags, "route"), cluster), static traffic => traffic.NewWindow(), static window => window.IsOver).Add(outcome, measurement);
        }
        else if (instrument.Name == DestinationCalls && Tag(tags, "destination") is string destination)
        {
            var count = CountOf(_destinations, (cluster, destination), static traffic => new DestinationCount(traffic.NewWindow()), static count => count.Window.IsOver);
            Interlocked.Increment(ref count.Calls);
            count.Window.Add(outcome, measurement);
            if (CallMeters.Failures.Contains(outcome))
            {
                Interlocked.Increment(ref count.Failed);
            }
        }
    }

    private CallWindow NewWindow() => new(_time, _since);

    private T CountOf<TKey, T>(ConcurrentDictionary<TKey, T> counts, TKey key, Func<Traffic, T> make, Func<T, bool> isOver)
        where TKey : notnull
    {
        if (counts.TryGetValue(key, out var known))
        {
            return known;
        }

        if (counts.Count >= MaxCounts)
        {
            foreach (var (old, count) in counts)
            {
                if (isOver(count))
                {
                    counts.TryRemove(old, out _);
                }
            }
        }

        return counts.GetOrAdd(key, static (_, arguments) => arguments.make(arguments.traffic), (make, traffic: this));
    }

    private Dictionary<string, CallRates> By(Func<(string Route, string Cluster), string> nameOf)
    {
        var rates = new Dictionary<string, CallRates>(StringComparer.Ordinal);
        foreach (var group in _routes.GroupBy(route => nameOf(route.Key), route => route.Value, StringComparer.Ordinal).Where(group => group.Key.Length > 0))
        {
            if (CallWindow.LastMinute(_time, group) is { } lastMinute)
            {
                rates[group.Key] = lastMinute;
            }
        }

        return rates;
    }

    private static string TextOf(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name) => Tag(tags, name) as string ?? "";

    private static object? Tag(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
    {
        foreach (var tag in tags)
        {
            if (tag.Key == name)
            {
                return tag.Value;
            }
        }

        return null;
    }

    private sealed class DestinationCount(CallWindow window)
    {
        public long Calls;
        public long Failed;

        public CallWindow Window { get; } = window;
    }
}

/// <param name="Calls">Calls that have ended, since the gateway started.</param>
/// <param name="Failed">How many of them failed through no fault of the client.</param>
/// <param name="LastMinute">Those of the last minute; null when there were none.</param>
internal sealed record DestinationTraffic(long Calls, long Failed, CallRates? LastMinute);

/// <summary>The part of a route's requests that a cluster got in the last minute.</summary>
/// <param name="Cluster">The cluster.</param>
/// <param name="Requests">How many.</param>
/// <param name="FellBack">How many of them were meant for another cluster, which had no instance to call.</param>
/// <param name="Calls">Those that have ended, on a route with the transform <c>Rpc</c>; null when there were none.</param>
internal sealed record CanaryTraffic(string Cluster, long Requests, long FellBack, CallRates? Calls);

/// <summary>Counts since the start.</summary>
/// <param name="Calls">Calls on RPC routes that have ended, by outcome.</param>
/// <param name="Sockets">Sockets open on this gateway now.</param>
/// <param name="Published">Events published here.</param>
/// <param name="Pushed">Events that sub-services asked this gateway to publish, or put into Redis, whatever became of them.</param>
/// <param name="Delivered">Events written to sockets of this gateway.</param>
/// <param name="Dropped">Events that a closing socket did not get any more.</param>
/// <param name="SlowConsumers">Sockets closed because they did not read their events.</param>
/// <param name="Lost">Events that could not be taken to other gateways.</param>
/// <param name="QueuedBytes">Bytes that wait now for slow sockets.</param>
internal sealed record TrafficReport(
    IReadOnlyDictionary<string, long> Calls,
    long Sockets,
    long Published,
    long Pushed,
    long Delivered,
    long Dropped,
    long SlowConsumers,
    long Lost,
    long QueuedBytes);
