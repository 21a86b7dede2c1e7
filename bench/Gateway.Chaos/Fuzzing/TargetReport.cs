using System.Globalization;

namespace Gateway.Chaos.Fuzzing;

/// <summary>What became of all inputs of one target.</summary>
internal sealed class TargetReport(string name)
{
    public const string Header = "| target | inputs | accepted | refused | crashes | hangs | disagreements | slowest, ms | seconds | memory kept, MiB |\n|---|---|---|---|---|---|---|---|---|---|";

    private readonly int[] _counts = new int[Enum.GetValues<Verdict>().Length];
    private TimeSpan _slowest;

    public TimeSpan Duration { get; set; }

    /// <summary>What the target holds when all is over, in bytes.</summary>
    public long Kept { get; set; }

    public int this[Verdict verdict] => _counts[(int)verdict];

    public void Add(in Judgement judgement)
    {
        lock (_counts)
        {
            _counts[(int)judgement.Verdict]++;
            _slowest = judgement.Duration > _slowest ? judgement.Duration : _slowest;
        }
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"| {name} | {_counts.Sum()} | {this[Verdict.Accepted]} | {this[Verdict.Refused]} | {this[Verdict.Crash]} | {this[Verdict.Hang]} | {this[Verdict.Disagreement]} | {_slowest.TotalMilliseconds:0.0} | {Duration.TotalSeconds:0} | {Kept / (double)(1 << 20):0.0} |");
}
