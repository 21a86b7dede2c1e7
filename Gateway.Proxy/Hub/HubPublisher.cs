using Gateway.Notify.Delivery;
using Gateway.Transforms.Events;

namespace Gateway.Proxy.Hub;

/// <summary>Hands the events of the transforms to the notify hub.</summary>
internal sealed class HubPublisher(NotifyHub hub) : IEventPublisher
{
    public Task PublishAsync(Notification notification, CancellationToken cancellationToken) =>
        hub.PublishAsync(notification.Recipients, notification.Type, notification.Length, notification.WriteTo, cancellationToken);
}
