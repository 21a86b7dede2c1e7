using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Gateway.Tests.Support;

/// <summary>Waits, with a bound, for what another process or thread is about to do and gives no signal for.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static Task That(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string text = "") =>
        That(() => Task.FromResult(condition()), text);

    public static async Task That(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string text = "")
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > Limit)
            {
                Assert.Fail($"Within {Limit.TotalSeconds} s this did not come true: {text}");
            }

            await Task.Delay(Pause);
        }
    }
}
