namespace Gateway.Transforms.Events;

/// <summary>Takes notifications to the sockets of their recipients, wherever those are.</summary>
public interface IEventPublisher
{
    /// <summary>
    /// Accepts one notification for delivery, and has written its bytes before anything is waited for. Notifications accepted one after
    /// another reach a recipient in that order.
    /// </summary>
    Task PublishAsync(Notification notification, CancellationToken cancellationToken);
}
