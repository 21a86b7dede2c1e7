using Gateway.Notify.Delivery;
using Gateway.Transforms.Events;

namespace Gateway.Proxy.Hub;

/// <summary>Hands the events of the transforms to the notify hub of this process.</summary>
internal sealed class HubPublisher(NotifyHub hub) : IEventPublisher
{
    public Task PublishAsync(Notification notification, CancellationToken cancellationToken)
    {
        hub.Publish(notification.Recipients, notification.Message);
        return Task.CompletedTask;
    }
}
