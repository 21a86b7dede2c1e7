using Gateway.Bench.Servers;

namespace Gateway.Bench.Scenarios.Hub;

/// <summary>The scenarios of the hub on Redis, each with gateways and a Redis of its own.</summary>
internal sealed class HubSuite(Lab lab, HttpClient client, Report report, HubPlan plan)
{
    public IReadOnlyList<(string Name, Func<Task> Run)> Scenarios { get; } =
    [
        ("hub-one", () => new OneToOne(lab, client, report, plan).RunAsync()),
        ("hub-groups", () => new Groups(lab, client, report, plan).RunAsync()),
        ("hub-large", () => new LargeEvent(lab, client, report).RunAsync()),
        ("hub-storms", () => new Storms(lab, client, report, plan).RunAsync()),
        ("hub-idle", () => new IdleUsers(lab, client, report, plan).RunAsync()),
    ];
}
