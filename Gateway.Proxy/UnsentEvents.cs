using Gateway.Transforms.Events;

namespace Gateway.Proxy;

/// <summary>Takes events where no notify hub is connected.</summary>
internal sealed partial class UnsentEvents(ILogger<UnsentEvents> logger) : IEventPublisher
{
    public Task PublishAsync(Notification notification, CancellationToken cancellationToken)
    {
        Log.NotSent(logger, notification.Message.NotifyType, notification.Recipients.Count);
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(1000, LogLevel.Debug, "Event '{NotifyType}' for {Count} user(s): no notify hub is connected", EventName = "EventNotSent")]
        public static partial void NotSent(ILogger logger, Gateway.Protocol.NotifyType notifyType, int count);
    }
}
