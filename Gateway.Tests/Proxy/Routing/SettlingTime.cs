using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Routing;

/// <summary>
/// Time that stands still but for the pauses in which a check waits for the files to settle: these are over at once. So nothing but the
/// test decides whether YARP has taken too long, however busy the machine is.
/// </summary>
internal sealed class SettlingTime : FakeTimeProvider
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private int _pauses;

    /// <summary>What happens to the files meanwhile; given the number of the pause, from 0 on.</summary>
    public Action<int>? OnPause { get; set; }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime != Pause)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        OnPause?.Invoke(_pauses++);
        return TimeProvider.System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
