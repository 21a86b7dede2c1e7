using System.Diagnostics.Metrics;
using Gateway.Notify.Protocol;
using Gateway.Protocol;

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

    public NotifyMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _open = meter.CreateUpDownCounter<long>("gateway.notify.sockets", "{socket}", "Sockets open on this node.");
        _closed = meter.CreateCounter<long>("gateway.notify.closed", "{socket}", "Sockets closed, by close code.");
        _published = meter.CreateCounter<long>("gateway.notify.published", "{event}", "Events published, by type.");
        _delivered = meter.CreateCounter<long>("gateway.notify.delivered", "{event}", "Events written to a socket.");
        _dropped = meter.CreateCounter<long>("gateway.notify.dropped", "{event}", "Events that a closing socket did not get any more, by reason.");
        _queuedBytes = meter.CreateUpDownCounter<long>("gateway.notify.queue", "By", "Bytes waiting for slow sockets.");
    }

    public void Opened() => _open.Add(1);

    public void Closed(CloseReason reason)
    {
        _open.Add(-1);
        _closed.Add(1, new KeyValuePair<string, object?>("code", reason.Code));
    }

    public void Published(NotifyType type) => _published.Add(1, new KeyValuePair<string, object?>("type", type.ToString()));

    public void Delivered() => _delivered.Add(1);

    public void Dropped(int count, CloseReason reason)
    {
        if (count > 0)
        {
            _dropped.Add(count, new KeyValuePair<string, object?>("reason", reason.Text));
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
