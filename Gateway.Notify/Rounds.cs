using Microsoft.Extensions.Logging;

namespace Gateway.Notify;

/// <summary>
/// What the hub looks after again and again for as long as the process runs. A failure is told, and neither ends the rounds nor keeps
/// the others of its round from their turn.
/// </summary>
internal static partial class Rounds
{
    /// <param name="interval">The time from one round to the next.</param>
    /// <param name="time">The clock.</param>
    /// <param name="items">Whom the round is for.</param>
    /// <param name="act">What is done for each.</param>
    /// <param name="atOnce">For how many at a time.</param>
    /// <param name="logger">Is told the first failure of a row of rounds with failures.</param>
    /// <param name="stoppingToken">Ends the rounds.</param>
    public static async Task EveryAsync<T>(
        TimeSpan interval, TimeProvider time, Func<IEnumerable<T>> items, Func<T, Task> act, int atOnce, ILogger logger, CancellationToken stoppingToken)
    {
        var told = false;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = atOnce };
        using var timer = new PeriodicTimer(interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            Exception? failure = null;
            try
            {
                await Parallel.ForEachAsync(items(), parallel, async (item, _) =>
                {
                    try
                    {
                        await act(item);
                    }
                    catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                    {
                        failure = exception;
                    }
                });
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                failure = exception;
            }

            if (failure is not null && !told)
            {
                Log.Failed(logger, failure);
            }

            told = failure is not null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2040, LogLevel.Error, "Looking after a socket or a user failed; the others are looked after, and it is tried again in the next round", EventName = "HubRoundFailed")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
