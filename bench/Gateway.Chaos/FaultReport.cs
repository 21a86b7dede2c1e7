using System.Globalization;
using Gateway.Chaos.Load;

namespace Gateway.Chaos;

/// <summary>What clients noticed of one fault.</summary>
/// <param name="Name">The fault.</param>
/// <param name="Sent">Calls sent from its beginning until some time after its end.</param>
/// <param name="Failed">How many of them failed, and did not have to anyway.</param>
/// <param name="BeyondAllowed">How many of these should not have.</param>
/// <param name="Wrong">Answers that were somebody else's, or that should not have been given.</param>
/// <param name="WorstGap">The longest time in which no client got a good answer.</param>
/// <param name="RecoveredAfter">From the fault's end to the end of the last call that failed.</param>
/// <param name="Codes">How the failed calls ended.</param>
internal sealed record FaultReport(
    string Name, int Sent, int Failed, int BeyondAllowed, int Wrong, TimeSpan WorstGap, TimeSpan RecoveredAfter, string Codes)
{
    public const string Header = "| fault | sent | failed | beyond allowed | wrong | worst gap, ms | recovered after, ms | failed as |\n|---|---|---|---|---|---|---|---|";

    /// <param name="name">The fault.</param>
    /// <param name="calls">All calls of its time, in the order they ended.</param>
    /// <param name="begin">When it began.</param>
    /// <param name="end">When it was over.</param>
    /// <param name="beyondAllowed">How many failures should not have been.</param>
    /// <param name="wronglyServed">Good answers that should not have been given.</param>
    public static FaultReport Of(string name, IReadOnlyList<CallRecord> calls, TimeSpan begin, TimeSpan end, int beyondAllowed, int wronglyServed)
    {
        var isGood = calls.ToLookup(call => !call.IsFailed);
        var (good, failed) = (isGood[true].Select(call => call.End).ToArray(), isGood[false].ToArray());
        var gap = good.Prepend(begin).Zip(good, (a, b) => b - a).DefaultIfEmpty().Max();
        var last = failed.Select(call => call.End).DefaultIfEmpty(end).Max();
        return new FaultReport(
            name, calls.Count, failed.Length, beyondAllowed, calls.Count(call => call.IsWrong) + wronglyServed,
            gap, last > end ? last - end : TimeSpan.Zero, CodesOf(failed));
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"| {Name} | {Sent} | {Failed} | {BeyondAllowed} | {Wrong} | {WorstGap.TotalMilliseconds:0} | {RecoveredAfter.TotalMilliseconds:0} | {Codes} |");

    private static string CodesOf(IEnumerable<CallRecord> failed) => string.Join(", ", failed
        .GroupBy(call => $"{call.Code} ({(call.IsRead ? "read" : "write")})")
        .OrderByDescending(group => group.Count())
        .Select(group => $"{group.Count()} {group.Key}"));
}
