namespace Gateway.Bench.Scenarios.Hub;

/// <summary>How much the scenarios of the hub do.</summary>
/// <param name="Time">How long a fixed rate is kept up.</param>
/// <param name="Rate">Events per second to one user each.</param>
/// <param name="Groups">Sizes of groups, and how often each is told something.</param>
/// <param name="Storm">Sockets that connect at once, and lose Redis together.</param>
/// <param name="Users">Users whose memory is measured. A process may have some 20,000 files open.</param>
/// <param name="IdleTime">How long nothing happens: all sessions are checked once in 18 s.</param>
internal sealed record HubPlan(TimeSpan Time, int Rate, IReadOnlyList<(int Size, int Calls)> Groups, int Storm, int Users, TimeSpan IdleTime)
{
    public static HubPlan Full { get; } = new(TimeSpan.FromSeconds(8), 1000, [(100, 40), (1_000, 20), (10_000, 8)], 10_000, 19_500, TimeSpan.FromSeconds(18));

    public static HubPlan Short { get; } = new(TimeSpan.FromSeconds(3), 300, [(100, 10), (1_000, 4)], 1_000, 1_500, TimeSpan.FromSeconds(5));
}
