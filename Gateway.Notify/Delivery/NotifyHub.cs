using Gateway.Notify.Connections;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Notify.Delivery;

/// <summary>Takes events to the sockets of this node.</summary>
public sealed class NotifyHub
{
    private readonly ConnectionRegistry _registry;
    private readonly NotifyMetrics _metrics;

    internal NotifyHub(ConnectionRegistry registry, NotifyMetrics metrics)
    {
        _registry = registry;
        _metrics = metrics;
    }

    /// <summary>
    /// Queues an event for every socket of every recipient and returns how many took it. The event is serialized once. Events published
    /// one after another reach each socket in that order.
    /// </summary>
    /// <param name="recipients">User ids, each once. Those who are not connected are passed over.</param>
    /// <param name="message">The event, byte for byte what clients receive.</param>
    public int Publish(IReadOnlyList<string> recipients, NotifyMessage message)
    {
        ArgumentNullException.ThrowIfNull(recipients);
        ArgumentNullException.ThrowIfNull(message);
        var bytes = message.ToByteArray();
        _metrics.Published(message.NotifyType);
        var taken = 0;
        foreach (var recipient in recipients)
        {
            taken += _registry.Deliver(recipient, bytes);
        }

        return taken;
    }
}
