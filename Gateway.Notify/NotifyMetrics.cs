using System.Diagnostics.Metrics;

namespace Gateway.Notify;

/// <summary>What the hub counts.</summary>
internal sealed class NotifyMetrics
{
    public const string MeterName = "Gateway.Notify";

    private readonly UpDownCounter<long> _open;
    private readonly Counter<long> _closed;
    private readonly Counter<long> _published;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _dropped;
    private readonly UpDownCounter<long> _queuedBytes;
    private readonly Counter<long> _replayed;
    private readonly Histogram<double> _latency;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _epochs;
    private readonly Counter<long> _rebalanced;

    public NotifyMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _open = meter.CreateUpDownCounter<long>("gateway.notify.sockets", "{socket}", "Sockets open on this node.");
        _closed = meter.CreateCounter<long>("gateway.notify.closed", "{socket}", "Sockets closed, by close code.");
        _published = meter.CreateCounter<long>("gateway.notify.published", "{event}", "Events published, by type.");
        _delivered = meter.CreateCounter<long>("gateway.notify.delivered", "{event}", "Events written to a socket.");
        _dropped = meter.CreateCounter<long>("gateway.notify.dropped", "{event}", "Events that a closing socket did not get any more, by reason.");
        _queuedBytes = meter.CreateUpDownCounter<long>("gateway.notify.queue", "By", "Bytes waiting for slow sockets.");
        _replayed = meter.CreateCounter<long>("gateway.notify.replayed", "{event}", "Events sent again to clients that resumed.");
        _latency = meter.CreateHistogram(
            "gateway.notify.latency", "s", "From publishing an event to having written it to a socket.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        _lost = meter.CreateCounter<long>("gateway.notify.lost", "{event}", "Events that could not be taken to other nodes, by reason; one for each recipient.");
        _epochs = meter.CreateCounter<long>("gateway.notify.epochs", "{epoch}", "New counts of events that a bucket has begun, because some may have been lost; its clients load anew.");
        _rebalanced = meter.CreateCounter<long>("gateway.notify.rebalanced", "{socket}", "Sockets closed so that other nodes get their share.");
    }

    public void Opened() => _open.Add(1);

    /// <param name="code">The close code.</param>
    public void Closed(int code)
    {
        _open.Add(-1);
        _closed.Add(1, new KeyValuePair<string, object?>("code", code));
    }

    public void Published(string type) => _published.Add(1, new KeyValuePair<string, object?>("type", type));

    public void Delivered(TimeSpan latency)
    {
        _delivered.Add(1);
        // Another node's clock may be ahead of ours.
        _latency.Record(Math.Max(0, latency.TotalSeconds));
    }

    public void Replayed(int count) => _replayed.Add(count);

    public void Lost(int count, string reason) => _lost.Add(count, new KeyValuePair<string, object?>("reason", reason));

    public void EpochChanged() => _epochs.Add(1);

    public void Rebalanced(int count) => _rebalanced.Add(count);

    public void Dropped(int count, string reason)
    {
        if (count > 0)
        {
            _dropped.Add(count, new KeyValuePair<string, object?>("reason", reason));
        }
    }

    public void Queued(long bytes)
    {
        if (bytes != 0)
        {
            _queuedBytes.Add(bytes);
        }
    }
}
