using System.Diagnostics;
using Gateway.Chaos.Parts;

namespace Gateway.Chaos.Hub;

/// <summary>Whom a fault concerns. Plain clients of nobody else may miss anything.</summary>
/// <param name="User">Whether it is about what belongs to a user.</param>
/// <param name="Node">And whether it is about the gateway at an address.</param>
internal sealed record HubConcern(Predicate<string> User, Predicate<Uri> Node)
{
    public static readonly HubConcern Everybody = new(_ => true, _ => true);

    public static readonly HubConcern Nobody = new(_ => false, _ => false);

    public static HubConcern UsersOf(IEnumerable<string> users) => new(users.ToHashSet().Contains, _ => true);

    public static HubConcern SocketsOf(params IReadOnlyList<GatewayNode> nodes) => new(_ => true, address => nodes.Any(node => node.WebSocket == address));
}

/// <summary>What was seen beside what sockets were told.</summary>
/// <param name="Text">For the table.</param>
/// <param name="LeftBehind">What is there and should not be.</param>
internal sealed record HubSight(string Text, params IReadOnlyList<string> LeftBehind);

/// <summary>Makes a fault under load, and writes down what came of it.</summary>
internal sealed class HubBench(Pace pace)
{
    /// <summary>A hint that got lost costs a moment: what was published this long before a fault may still be on its way.</summary>
    private static readonly TimeSpan UnderWay = TimeSpan.FromSeconds(1);

    /// <summary>So long after the hubs say that they have all of Redis again, everybody has a seat.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(2.5);

    /// <summary>For so long nobody must have been told to load anew before something is broken.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    /// <summary>How many findings are told in full.</summary>
    private const int Told = 5;

    private static readonly HubScale Usual = new(Groups: 24, Users: 8, Singles: 8, [HubDevice.Extended, HubDevice.Extended, HubDevice.Plain], EventsPerSecond: 1000);

    private readonly List<HubReport> _reports = [];

    public Pace Pace => pace;

    public IReadOnlyList<HubReport> Reports => _reports;

    public static async Task WarmUpAsync(HubRig rig)
    {
        await using var load = new HubLoad(rig, Usual);
        await load.StartAsync();
        await load.CalmAsync(WarmUp);
    }

    /// <param name="name">The fault.</param>
    /// <param name="rig">What is broken.</param>
    /// <param name="aimAsync">Chooses what to break, once all are there; says whom that concerns.</param>
    /// <param name="breakAsync">Breaks it and mends it; says what else was seen, and what should not have been left behind.</param>
    /// <param name="scale">The load; null for the usual one.</param>
    public async Task BreakAsync(
        string name, HubRig rig, Func<HubLoad, Task<HubConcern>> aimAsync, Func<HubLoad, Task<HubSight>> breakAsync, HubScale? scale = null)
    {
        await using var load = new HubLoad(rig, scale ?? Usual);
        await load.StartAsync();
        await load.CalmAsync(pace.Between);
        var calmSince = Stopwatch.GetTimestamp() - Ticks(pace.Between);
        var concern = await aimAsync(load);
        var concerned = load.Listeners.Where(listener => concern.User(listener.User) && concern.Node(listener.Address)).ToHashSet();
        var begin = Stopwatch.GetTimestamp() - Ticks(UnderWay);
        var sight = await TryAsync(async () =>
        {
            var seen = await breakAsync(load);
            await rig.AreConnectedAsync();
            return seen;
        });
        var end = Stopwatch.GetTimestamp() + Ticks(Recovery);
        await Task.Delay(Recovery + pace.Between);
        var findings = await load.EndAsync(
            (listener, kept) => kept.BegunAt < calmSince || (concerned.Contains(listener) && kept.BegunAt <= end && kept.EndedAt >= begin));
        findings.LeftBehind.AddRange(sight.LeftBehind);
        var others = load.Followers.Where(client => !concern.User(client.User)).Sum(client => client.Reloads);
        _reports.Add(new HubReport(name, load.Published, findings, others, sight.Text));
        Console.WriteLine(_reports[^1]);
        if (findings.All.Count > 0)
        {
            Explain(findings, rig);
        }
    }

    /// <summary>A fault of all that Redis is.</summary>
    public Task BreakAsync(string name, HubRig rig, Func<HubLoad, Task> breakAsync) => BreakAsync(name, rig, _ => Task.FromResult(HubConcern.Everybody), async load =>
    {
        await breakAsync(load);
        return new HubSight("");
    });

    /// <summary>What does not come true in time is a finding, and no reason to break nothing else.</summary>
    private static async Task<HubSight> TryAsync(Func<Task<HubSight>> actAsync)
    {
        try
        {
            return await actAsync();
        }
        catch (InvalidOperationException exception)
        {
            return new HubSight("", exception.Message);
        }
    }

    private static void Explain(Findings findings, HubRig rig)
    {
        foreach (var finding in findings.All.Take(Told))
        {
            Console.WriteLine($"  {finding}");
        }

        foreach (var node in rig.Nodes)
        {
            Console.Error.WriteLine($"The gateway at {node.Http} said last:\n{node.Process.LastWords}");
        }
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}
