using System.Collections.Frozen;
using Gateway.Transforms.Reporting;

namespace Gateway.Proxy.Operations.Statistics;

/// <summary>How calls ended, and how long those took that were made. Not for use by two threads at a time.</summary>
internal sealed class CallCounts
{
    /// <summary>In seconds; what is quicker counts as this.</summary>
    private const double Shortest = 0.0001;

    /// <summary>Each bound is the last one times the fourth root of two, so a quantile is a fifth too long at most, from a tenth of a millisecond to a minute and a half.</summary>
    private const int BucketsPerDoubling = 4;

    private const int Buckets = 80;

    private static readonly FrozenDictionary<string, int> Places = CallMeters.Outcomes.Select((code, place) => (code, place)).ToFrozenDictionary(pair => pair.code, pair => pair.place);

    private static readonly bool[] IsRefusal = [.. CallMeters.Outcomes.Select(code => CallMeters.Refusals.Contains(code))];

    private readonly int[] _outcomes = new int[Places.Count];
    private readonly int[] _durations = new int[Buckets];

    /// <param name="outcome">A code of <see cref="CallMeters.Outcomes"/>.</param>
    /// <param name="seconds">How long it took.</param>
    public void Add(string outcome, double seconds)
    {
        var place = Places[outcome];
        _outcomes[place]++;
        // What the gateway refuses takes no time, and would hide how long the others take.
        if (!IsRefusal[place])
        {
            var bucket = Math.Ceiling(Math.Log2(seconds / Shortest) * BucketsPerDoubling);
            _durations[(int)Math.Clamp(bucket, 0, Buckets - 1)]++;
        }
    }

    public void Add(CallCounts other)
    {
        for (var i = 0; i < _outcomes.Length; i++)
        {
            _outcomes[i] += other._outcomes[i];
        }

        for (var i = 0; i < _durations.Length; i++)
        {
            _durations[i] += other._durations[i];
        }
    }

    public void Clear()
    {
        Array.Clear(_outcomes);
        Array.Clear(_durations);
    }

    /// <param name="seconds">The time in which they came.</param>
    public CallRates Over(double seconds)
    {
        var outcomes = CallMeters.Outcomes.Where(code => _outcomes[Places[code]] > 0).ToDictionary(code => code, code => (long)_outcomes[Places[code]]);
        return new CallRates(
            Rate(outcomes.Values.Sum()),
            Rate(outcomes.Where(outcome => CallMeters.Failures.Contains(outcome.Key)).Sum(outcome => outcome.Value)),
            Rate(outcomes.Where(outcome => CallMeters.Refusals.Contains(outcome.Key)).Sum(outcome => outcome.Value)),
            Quantile(0.5),
            Quantile(0.99),
            outcomes);

        double Rate(long count) => Math.Round(count / seconds, 3);
    }

    /// <summary>In milliseconds; null when no call was made.</summary>
    private double? Quantile(double share)
    {
        var wanted = _durations.Sum() * share;
        if (wanted == 0)
        {
            return null;
        }

        var bucket = 0;
        for (var seen = _durations[0]; seen < wanted; seen += _durations[bucket])
        {
            bucket++;
        }

        return Math.Round(1000 * Shortest * Math.Pow(2, (double)bucket / BucketsPerDoubling), 2);
    }
}

/// <summary>Calls of some time.</summary>
/// <param name="CallsPerSecond">All that ended, however they did.</param>
/// <param name="FailedPerSecond">Those that failed through no fault of the client.</param>
/// <param name="RefusedPerSecond">Those that the gateway refused: a limit, an ended session, what it could not read.</param>
/// <param name="P50">The time within which half of the calls ended that were not refused, in milliseconds, a fifth too long at most; null when there were none.</param>
/// <param name="P99">The time within which all but one in a hundred did.</param>
/// <param name="Outcomes">How many ended how, by outcome; those that occurred.</param>
internal sealed record CallRates(
    double CallsPerSecond, double FailedPerSecond, double RefusedPerSecond, double? P50, double? P99, IReadOnlyDictionary<string, long> Outcomes);
