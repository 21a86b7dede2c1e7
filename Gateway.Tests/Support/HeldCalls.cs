using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Support;

/// <summary>Calls that a sub-service leaves unanswered, and the two moments of theirs a test can wait for.</summary>
internal sealed class HeldCalls
{
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The first call is here.</summary>
    public Task Arrived => _arrived.Task;

    /// <summary>A call was cancelled by the side that made it.</summary>
    public Task GivenUp => _givenUp.Task;

    public async Task HoldAsync(HttpContext context)
    {
        _arrived.TrySetResult();
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _givenUp.TrySetResult();
    }
}
