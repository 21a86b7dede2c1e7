using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Notify.Presence;

/// <summary>What is done for a user whose last socket has been gone for the grace period.</summary>
internal sealed partial class DepartureActions(IOptions<NotifyOptions> options, ILoginState state)
{
    /// <summary>True when all is done; false, with a line in the log, when it has to be tried again.</summary>
    public async Task<bool> TryTidyAsync(string userId, IReadOnlyCollection<string> sessionIds, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            if (options.Value.OnLastDisconnect == LastDisconnect.Logout)
            {
                foreach (var sessionId in sessionIds)
                {
                    await state.EndSessionAsync(sessionId, cancellationToken);
                }
            }

            await state.ClearMarkerAsync(userId, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Only the kind of failure: texts of a store may hold a session id.
            Log.TidyFailed(logger, userId, exception.GetType().Name);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2030, LogLevel.Warning,
            "The online marker of user '{UserId}' could not be removed ({Failure}); it is tried again", EventName = "MarkerNotCleared")]
        public static partial void TidyFailed(ILogger logger, string userId, string failure);
    }
}
