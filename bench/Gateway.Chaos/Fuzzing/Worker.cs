using System.Diagnostics;

namespace Gateway.Chaos.Fuzzing;

/// <summary>Judges its share of a target's inputs, one after another, and can be asked meanwhile which one it is at.</summary>
internal sealed class Worker(IFuzzTarget target, Mutator mutator, TargetReport report, Findings findings)
{
    private readonly Lock _lock = new();
    private (int Number, byte[] Input, long Begin)? _current;

    /// <param name="first">Its first input.</param>
    /// <param name="step">From one of its inputs to the next.</param>
    /// <param name="end">Where to stop.</param>
    /// <param name="stop">Ends it before that.</param>
    public void Run(int first, int step, int end, CancellationToken stop)
    {
        for (var number = first; number < end && !stop.IsCancellationRequested; number += step)
        {
            var input = mutator.Make(number);
            Begin((number, input, Stopwatch.GetTimestamp()));
            var judgement = InputJudge.Judge(target, input);
            Begin(null);
            report.Add(judgement);
            if (judgement.IsFinding)
            {
                findings.Tell(target.Name, number, input, judgement.Verdict, judgement.Reason);
            }
        }
    }

    /// <summary>The input it has been at for longer than <paramref name="limit"/>; null when there is none.</summary>
    public (int Number, byte[] Input)? FindSlow(TimeSpan limit)
    {
        lock (_lock)
        {
            return _current is { } current && Stopwatch.GetElapsedTime(current.Begin) > limit ? (current.Number, current.Input) : null;
        }
    }

    private void Begin((int, byte[], long)? current)
    {
        lock (_lock)
        {
            _current = current;
        }
    }
}
