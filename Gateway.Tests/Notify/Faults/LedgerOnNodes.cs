using System.Diagnostics;
using Gateway.Chaos.Hub;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Faults;

/// <summary>A ledger whose events are published by gateways of the test's own.</summary>
internal static class LedgerOnNodes
{
    /// <summary>Makes an event on a node, and publishes it.</summary>
    public static Task PublishAsync(this Ledger ledger, NodesFixture nodes, int node) => ledger.PublishAsync(async number =>
    {
        var keptAt = Stopwatch.GetTimestamp();
        await nodes.PublishAsync(node, ledger.Users, ledger.MessageOf(number));
        return keptAt;
    });

    /// <summary>Waits until a good many more events have been published.</summary>
    public static async Task GrowAsync(this Ledger ledger)
    {
        var goal = ledger.Count + 50;
        await Eventually.That(() => ledger.Count > goal, "events flow");
    }

    /// <summary>Waits until all have caught up, which they do once nothing is broken any more; then says what is wrong.</summary>
    /// <param name="ledger">Whose.</param>
    /// <param name="nodes">Where.</param>
    /// <param name="plainMayMiss">Whether events were published while the way to plain clients was broken.</param>
    public static async Task CheckAsync(this Ledger ledger, NodesFixture nodes, bool plainMayMiss = true)
    {
        await Eventually.That(() => Enumerable.Range(0, nodes.Nodes.Count).All(node => !nodes.Hub(node).IsDegraded), "all nodes have recovered");
        await ledger.PublishAsync(nodes, 0);
        Assert.That((await Ledger.SettleAsync([ledger], (_, _) => plainMayMiss)).All, Is.Empty);
        Assert.That(ledger.HaveCaughtUp(), Is.True, "everybody has the last event");
    }
}
