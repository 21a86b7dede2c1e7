using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Gateway.Transforms.Reporting;
using Gateway.Transforms.Verdicts;

namespace Gateway.Proxy.Operations.Admin;

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

    /// <summary>Instances come and go for months; beyond this many the counts of destinations begin anew.</summary>
    private const int MaxDestinations = 2000;

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, StrongBox<long>> _sums = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StrongBox<long>> _outcomes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Cluster, string Destination), DestinationCount> _destinations = new();
    private readonly StrongBox<long> _slowConsumers = new();

    public Traffic(IMeterFactory meters)
    {
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

    public static string RateLimited { get; } = CallMeters.CodeOf(RpcOutcome.RateLimited);

    public TrafficReport Report() => new(
        _outcomes.ToDictionary(outcome => outcome.Key, outcome => Read(outcome.Value)),
        Sum("gateway.notify.sockets"),
        Sum("gateway.notify.published"),
        Sum("gateway.notify.delivered"),
        Sum("gateway.notify.dropped"),
        Read(_slowConsumers),
        Sum("gateway.notify.lost"),
        Sum("gateway.notify.queue"));

    /// <summary>How many calls to an instance have ended, and how many of them failed.</summary>
    public (long Calls, long Failed) CallsTo(string cluster, string address) =>
        _destinations.TryGetValue((cluster, address), out var count) ? (Volatile.Read(ref count.Calls), Volatile.Read(ref count.Failed)) : default;

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
    }

    private void Count(Instrument instrument, double measurement, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        if (Tag(tags, "outcome") is not string outcome)
        {
            return;
        }

        if (instrument.Name == Calls)
        {
            Interlocked.Increment(ref _outcomes.GetOrAdd(outcome, _ => new StrongBox<long>()).Value);
        }
        else if (instrument.Name == DestinationCalls && Tag(tags, "cluster") is string cluster && Tag(tags, "destination") is string destination)
        {
            if (_destinations.Count >= MaxDestinations && !_destinations.ContainsKey((cluster, destination)))
            {
                _destinations.Clear();
            }

            var count = _destinations.GetOrAdd((cluster, destination), _ => new DestinationCount());
            Interlocked.Increment(ref count.Calls);
            if (CallMeters.Failures.Contains(outcome))
            {
                Interlocked.Increment(ref count.Failed);
            }
        }
    }

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

    private sealed class DestinationCount
    {
        public long Calls;
        public long Failed;
    }
}

/// <summary>Counts since the start, from which two answers make a rate.</summary>
/// <param name="Calls">Calls on RPC routes that have ended, by outcome.</param>
/// <param name="Sockets">Sockets open on this gateway now.</param>
/// <param name="Published">Events published here.</param>
/// <param name="Delivered">Events written to sockets of this gateway.</param>
/// <param name="Dropped">Events that a closing socket did not get any more.</param>
/// <param name="SlowConsumers">Sockets closed because they did not read their events.</param>
/// <param name="Lost">Events that could not be taken to other gateways.</param>
/// <param name="QueuedBytes">Bytes that wait now for slow sockets.</param>
internal sealed record TrafficReport(
    IReadOnlyDictionary<string, long> Calls,
    long Sockets,
    long Published,
    long Delivered,
    long Dropped,
    long SlowConsumers,
    long Lost,
    long QueuedBytes);
