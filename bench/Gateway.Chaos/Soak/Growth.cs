using System.Globalization;

namespace Gateway.Chaos.Soak;

/// <summary>Whether a process holds more and more: the median of the last third against that of the middle third. The first third is warm-up.</summary>
internal sealed class Growth
{
    private const double MostMemoryShare = 0.10;

    /// <summary>In MiB.</summary>
    private const double MostMemory = 32;

    private const int MostHandles = 20;
    private const int MostThreads = 5;

    private readonly Sample _middle;
    private readonly Sample _last;

    /// <param name="samples">Three at least, in the order of their time.</param>
    public Growth(IReadOnlyList<Sample> samples)
    {
        var third = samples.Count / 3;
        _middle = MedianOf([.. samples.Skip(samples.Count - (2 * third)).Take(third)]);
        _last = MedianOf([.. samples.TakeLast(third)]);
    }

    /// <summary>How many of memory, handles and threads grew more than they may.</summary>
    public int BeyondLimit =>
        (_last.Memory - _middle.Memory > Math.Min(MostMemory, _middle.Memory * MostMemoryShare) ? 1 : 0)
        + (_last.Handles - _middle.Handles > MostHandles ? 1 : 0)
        + (_last.Threads - _middle.Threads > MostThreads ? 1 : 0);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"memory {_middle.Memory:0} to {_last.Memory:0} MiB, handles {_middle.Handles} to {_last.Handles}, threads {_middle.Threads} to {_last.Threads}");

    private static Sample MedianOf(Sample[] samples) => new(
        Median(samples.Select(sample => sample.Memory)), Median(samples.Select(sample => sample.Handles)), Median(samples.Select(sample => sample.Threads)));

    private static T Median<T>(IEnumerable<T> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
