using Gateway.Notify.Delivery;
using Gateway.Notify.Delivery.Redis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Presence;

/// <summary>What is done for a user whose last socket has been gone for the grace period.</summary>
internal sealed partial class DepartureActions(
    IHubStore store, IOptions<NotifyOptions> options, ILoginState state, TimeProvider time, ILogger<DepartureActions> logger, IPresenceHook? hook = null)
{
    private readonly RedisFaultLog _told = new(time);

    /// <summary>Does it for a user whom this node has taken on. What fails is due again.</summary>
    public async Task SeeToAsync(Departure departure, CancellationToken cancellationToken)
    {
        var isDone = options.Value.OnLastDisconnect == LastDisconnect.Keep || await TryTidyAsync(departure.UserId, departure.Sessions, cancellationToken);
        if (isDone && await store.SettleAsync(departure, cancellationToken))
        {
            hook?.Gone(departure.UserId);
        }
    }

    /// <summary>True when all is done; false, with a line in the log now and then, when it has to be tried again.</summary>
    private async Task<bool> TryTidyAsync(string userId, IReadOnlyCollection<string> sessionIds, CancellationToken cancellationToken)
    {
        var done = true;
        if (options.Value.OnLastDisconnect == LastDisconnect.Logout)
        {
            foreach (var sessionId in sessionIds)
            {
                done &= await TryAsync("A session", () => state.EndSessionAsync(sessionId, cancellationToken));
            }
        }

        // Whatever became of the sessions: while the marker exists, the user may be unable to log in again.
        return await TryAsync("The online marker", () => state.ClearMarkerAsync(userId, cancellationToken)) && done;

        async Task<bool> TryAsync(string what, Func<Task> remove)
        {
            try
            {
                await remove();
                return true;
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                var fault = RedisFault.Of(exception);
                if (_told.IsNews(fault))
                {
                    Log.TidyFailed(logger, what, userId, fault.Reason);
                }

                return false;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2030, LogLevel.Warning, "{What} of user '{UserId}' could not be removed ({Failure}); it is tried again", EventName = "MarkerNotCleared")]
        public static partial void TidyFailed(ILogger logger, string what, string userId, string failure);
    }
}
