namespace Gateway.Proxy.Discovery;

/// <summary>Time since its creation, for deadlines that must not move when somebody sets the wall clock.</summary>
internal sealed class MonotonicClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    public TimeSpan Now => time.GetElapsedTime(_start);

    /// <summary>Completes at <paramref name="moment"/> of this clock, or at once when that has passed; never when it is null.</summary>
    public Task Until(TimeSpan? moment, CancellationToken cancellationToken)
    {
        var pause = moment is { } due ? due - Now : Timeout.InfiniteTimeSpan;
        return moment is not null && pause <= TimeSpan.Zero ? Task.CompletedTask : Task.Delay(pause, time, cancellationToken);
    }
}
