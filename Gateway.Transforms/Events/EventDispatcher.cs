using Gateway.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Events;

/// <summary>
/// Looks up the users of an event and hands its notifications over, before the client gets its answer: so one user's calls are told
/// about in the order they were answered. Nothing that goes wrong here fails the call, which has been done.
/// </summary>
internal sealed partial class EventDispatcher(
    IUserDirectory directory, IEventPublisher publisher, IOptions<EventOptions> options, TimeProvider time, ILogger<EventDispatcher> logger)
{
    /// <param name="source">The name of the event source, for the log.</param>
    /// <param name="userIds">Whose details the notifications show.</param>
    /// <param name="notifications">Makes the notifications, given those details.</param>
    public async Task DispatchAsync(
        string source, IReadOnlyCollection<string> userIds, Func<UserDetails, IEnumerable<Notification>> notifications)
    {
        userIds = [.. userIds.Distinct(StringComparer.Ordinal)];
        var users = userIds.Count == 0 ? UserDetails.None : await LookUpAsync(source, userIds);
        // Not the request's token: the sub-service has acted, so the others are told even when the caller has gone.
        using var deadline = new CancellationTokenSource(options.Value.PublishTimeout, time);
        foreach (var notification in notifications(users))
        {
            await PublishAsync(source, notification, deadline.Token);
        }
    }

    /// <summary>One at a time, so that one that fails does not take the others with it.</summary>
    private async Task PublishAsync(string source, Notification notification, CancellationToken deadline)
    {
        try
        {
            await publisher.PublishAsync(notification, deadline).WaitAsync(deadline);
        }
        catch (Exception exception)
        {
            Log.PublishFailed(logger, exception, source, notification.Message.NotifyType);
        }
    }

    private async Task<UserDetails> LookUpAsync(string source, IReadOnlyCollection<string> userIds)
    {
        using var deadline = new CancellationTokenSource(options.Value.LookUpTimeout, time);
        try
        {
            return new UserDetails(await directory.FindAsync(userIds, deadline.Token).WaitAsync(deadline.Token));
        }
        catch (Exception exception)
        {
            Log.LookUpFailed(logger, exception, source, userIds.Count);
            return UserDetails.None;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1510, LogLevel.Warning,
            "Event '{Source}': the details of {Count} user(s) could not be looked up; only their ids are told", EventName = "UserLookUpFailed")]
        public static partial void LookUpFailed(ILogger logger, Exception exception, string source, int count);

        [LoggerMessage(1511, LogLevel.Warning, "Event '{Source}': {NotifyType} could not be handed to the notify hub", EventName = "PublishFailed")]
        public static partial void PublishFailed(ILogger logger, Exception exception, string source, NotifyType notifyType);
    }
}
