namespace Gateway.Proxy.Discovery;

/// <summary>A limit for one question to a source, which it may never answer.</summary>
internal static class Deadline
{
    /// <exception cref="TimeoutException">There was no answer in time.</exception>
    public static async Task<T> LimitAsync<T>(Func<CancellationToken, Task<T>> ask, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await ask(either.Token);
        }
        catch (Exception e) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer within {limit.TotalSeconds} s", e);
        }
    }
}
