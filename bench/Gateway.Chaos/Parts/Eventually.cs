using System.Diagnostics;

namespace Gateway.Chaos.Parts;

/// <summary>Waits, with a bound, for what another process is about to do.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static async Task TrueAsync(Func<Task<bool>> condition, string text, TimeSpan? patience = null, TimeSpan? pause = null)
    {
        var limit = patience ?? Limit;
        var watch = Stopwatch.StartNew();
        Exception? last = null;
        while (watch.Elapsed < limit)
        {
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or Grpc.Core.RpcException or StackExchange.Redis.RedisException)
            {
                last = exception;
            }

            await Task.Delay(pause ?? Pause);
        }

        throw new InvalidOperationException($"Within {limit.TotalSeconds} s this did not come true: {text}. {last?.Message}");
    }
}
