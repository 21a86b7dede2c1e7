using Gateway.Chaos.Load;
using Gateway.Chaos.Parts;

namespace Gateway.Chaos.Faults;

/// <summary>What every fault needs: something to break, load on it, and a table for what came of it.</summary>
internal sealed class FaultBench(Rig rig, SteadyLoad load, Pace pace)
{
    /// <summary>Longer than any call takes.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2.5);

    private readonly List<FaultReport> _reports = [];

    public Rig Rig => rig;

    public SteadyLoad Load => load;

    public Pace Pace => pace;

    public IReadOnlyList<FaultReport> Reports => _reports;

    /// <summary>So long after a fault's end everything works again, where clients notice it at all.</summary>
    public static TimeSpan Recovery { get; } = TimeSpan.FromSeconds(2);

    /// <summary>Adds a fault of which clients may notice something, once all its calls have ended.</summary>
    /// <param name="name">The fault.</param>
    /// <param name="begin">When it began.</param>
    /// <param name="end">When it was over.</param>
    /// <param name="countBeyondAllowed">How many of its calls failed and should not have.</param>
    /// <param name="countWronglyServed">How many of them should not have been served; null for none.</param>
    /// <param name="recovery">For how long calls may fail after the end.</param>
    public async Task AddAsync(
        string name,
        TimeSpan begin,
        TimeSpan end,
        Func<IReadOnlyList<CallRecord>, int> countBeyondAllowed,
        Func<IReadOnlyList<CallRecord>, int>? countWronglyServed = null,
        TimeSpan recovery = default)
    {
        var until = end + recovery + pace.Between;
        await Task.Delay(until - load.Now + Settling);
        // What was under way when it began belongs to it as well.
        var calls = load.Sent(begin - TimeSpan.FromMilliseconds(100), until);
        _reports.Add(FaultReport.Of(name, calls, begin, end, countBeyondAllowed(calls), countWronglyServed?.Invoke(calls) ?? 0));
        Console.WriteLine(_reports[^1]);
    }

    /// <summary>Adds a fault of which clients may notice nothing.</summary>
    public Task AddUnnoticedAsync(string name, TimeSpan begin, TimeSpan end) => AddAsync(name, begin, end, calls => calls.Count(call => call.IsFailed));
}
