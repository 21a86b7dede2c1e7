using System.Diagnostics;

namespace Gateway.Chaos.Fuzzing;

/// <summary>Gives one input to a target, and says what became of it.</summary>
internal static class InputJudge
{
    /// <summary>No honest input takes so long. One that does is read again, for the machine may have been busy with something else.</summary>
    public static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(1);

    /// <summary>The most bytes that reading one input may allocate, beside <see cref="AllocatedPerByte"/> for each of its own.</summary>
    private const long Allocated = 16 << 20;

    private const long AllocatedPerByte = 16 << 10;

    public static Judgement Judge(IFuzzTarget target, byte[] input)
    {
        var first = JudgeOnce(target, input);
        if (first.Duration < SlowAfter || first.IsFinding)
        {
            return first;
        }

        var second = JudgeOnce(target, input);
        return second.Duration < SlowAfter || second.IsFinding
            ? second
            : second with { Verdict = Verdict.Hang, Reason = $"it takes {second.Duration.TotalSeconds:0.0} s to read" };
    }

    private static Judgement JudgeOnce(IFuzzTarget target, byte[] input)
    {
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var begin = Stopwatch.GetTimestamp();
        try
        {
            var accepted = target.Accepts(input, Dice.Of(input));
            var duration = Stopwatch.GetElapsedTime(begin);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            return allocated > Allocated + (AllocatedPerByte * input.Length)
                ? new Judgement(Verdict.Crash, duration, $"reading it allocates {allocated} bytes")
                : new Judgement(accepted ? Verdict.Accepted : Verdict.Refused, duration);
        }
        catch (DisagreementException disagreement)
        {
            return new Judgement(Verdict.Disagreement, Stopwatch.GetElapsedTime(begin), disagreement.Message);
        }
        catch (Exception exception)
        {
            // Whatever it is: to find these is what this is for.
            return new Judgement(Verdict.Crash, Stopwatch.GetElapsedTime(begin), exception.ToString());
        }
    }
}
