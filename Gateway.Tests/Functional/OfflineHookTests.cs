using Gateway.Protocol.Hook;
using Gateway.Proxy.Settings;
using Gateway.Tests.Notify;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>A service that is told who comes and goes, and what those miss who are not there.</summary>
[TestFixture]
[Servers]
internal sealed class OfflineHookTests
{
    private StubSubService _service = null!;
    private int _failures;

    [SetUp]
    public async Task StartAsync()
    {
        _failures = 0;
        _service = await StubSubService.StartAsync();
        _service.OnCall = (context, _) => Interlocked.Decrement(ref _failures) >= 0
            ? StubSubService.AnswerAsync(context, [], status: 14)
            : StubSubService.AnswerAsync(context, new ReportResponse().ToByteArray());
    }

    [TearDown]
    public async Task StopAsync() => await _service.DisposeAsync();

    [Test]
    public async Task FirstSocketAndLast_OfTwoNodes_AreReportedOnce()
    {
        await using var nodes = await NodesFixture.StartAsync(2, Settings());
        var phone = await nodes.JoinAsync(0, "alice");
        var desk = await nodes.JoinAsync(1, "alice");
        await phone.CloseAsync();
        await desk.CloseAsync();
        await (await nodes.JoinAsync(0, "bob")).CloseAsync();
        await Eventually.That(() => ReportsOf("bob").Count == 2);

        Assert.That(ReportsOf("alice"), Is.EqualTo(new[] { "Came", "Gone" }));
        Assert.That(ReportsOf("bob"), Is.EqualTo(new[] { "Came", "Gone" }));
    }

    [Test]
    public async Task BrokenSocket_IsNoNews_WhenTheUserComesBackInTime()
    {
        await using var nodes = await NodesFixture.StartAsync(2, new(Settings()) { ["Gateway:Notify:LastDisconnectGrace"] = "00:00:02" });
        var before = await nodes.JoinAsync(0, "alice");
        await before.DisposeAsync();
        await Eventually.That(async () => (await nodes.SocketsOfAsync("alice")).Count == 0, "the gateway has noticed");
        var back = await nodes.JoinAsync(1, "alice");
        // His grace is over later than hers.
        var bob = await nodes.JoinAsync(0, "bob");
        await bob.DisposeAsync();
        await Eventually.That(() => ReportsOf("bob").Count == 2);
        Assert.That(ReportsOf("alice"), Is.EqualTo(new[] { "Came" }));

        await back.DisposeAsync();
        await Eventually.That(() => ReportsOf("alice").Count == 2);
        Assert.That(ReportsOf("alice"), Is.EqualTo(new[] { "Came", "Gone" }));
    }

    [Test]
    public async Task Event_ForSomebodyOffline_IsReportedByTheNodeThatPublishes()
    {
        await using var nodes = await NodesFixture.StartAsync(2, Settings());
        await using var alice = await nodes.JoinAsync(0, "alice");
        var message = HubFixture.Removed("x");
        await NodesFixture.HubOf(nodes.Nodes[1]).PublishAsync(["alice", "bob", "carol"], "FRIEND_REMOVE_NOTIFY", message.CalculateSize(), body => message.WriteTo(body.Span), CancellationToken.None);
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(message));
        await Eventually.That(() => Events().SelectMany(report => report.UserIds).Count() == 2);

        Assert.That(Events().SelectMany(report => report.UserIds), Is.EquivalentTo(new[] { "bob", "carol" }));
        Assert.That(Events().Select(report => report.EventType), Is.All.EqualTo("FRIEND_REMOVE_NOTIFY"));
        Assert.That(Events().Select(report => report.Event), Is.All.EqualTo(message.ToByteString()));
    }

    [Test]
    public async Task ServiceThatFails_IsAskedAgain()
    {
        _failures = 2;
        await using var nodes = await NodesFixture.StartAsync(1, Settings());
        await using var alice = await nodes.JoinAsync(0, "alice");
        await Eventually.That(() => Requests().Count == 3);
        await Eventually.That(() => nodes.Nodes[0].Log.Named("HookRecovered").Count == 1);

        Assert.That(Requests().Select(request => request.Reports.Single().Id).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task WithoutActionOnTheMarker_TheReportsAreTheSame()
    {
        await using var nodes = await NodesFixture.StartAsync(1, new(Settings()) { ["Gateway:Notify:OnLastDisconnect"] = "Keep" });
        await (await nodes.JoinAsync(0, "alice")).CloseAsync();
        await Eventually.That(() => ReportsOf("alice").Count == 2);

        Assert.That(ReportsOf("alice"), Is.EqualTo(new[] { "Came", "Gone" }));
        Assert.That(await nodes.Database.KeyExistsAsync("alice"), Is.True);
    }

    [Test]
    public async Task GatewayThatIsTheOnlyOne_ReportsTheSame()
    {
        await using var hub = await HubFixture.StartAsync(new(Settings()) { ["Gateway:Notify:LastDisconnectGrace"] = "00:00:00" });
        var phone = await hub.JoinAsync("alice");
        await using var desk = await hub.JoinAsync("alice");
        await phone.CloseAsync();
        await hub.PublishAsync(["alice", "bob"], HubFixture.Removed("x"));
        await desk.CloseAsync();
        await Eventually.That(() => ReportsOf("alice").Count == 2);

        Assert.That(ReportsOf("alice"), Is.EqualTo(new[] { "Came", "Gone" }));
        Assert.That(ReportsOf("bob"), Is.EqualTo(new[] { "Event" }));
    }

    [Test]
    public void ClusterThatIsNone_IsRefused() => Assert.That(
        () => GatewayFixture.StartAsync("http://127.0.0.1:1", new() { ["Gateway:Hook:ClusterId"] = "nobody" }),
        Throws.InstanceOf<ConfigurationRefusedException>().With.Message.Contains(
            "Gateway:Hook:ClusterId is 'nobody', which is no cluster; name the cluster of the service that takes reports, or leave it out."));

    [Test]
    public void GatewayForSocketsAlone_KnowsNoClusters() => Assert.That(
        () => GatewayFixture.StartAsync("http://127.0.0.1:1", new(Settings()) { ["Gateway:Roles"] = "notify", ["Gateway:Notify:Bus"] = "Redis" }),
        Throws.InstanceOf<ConfigurationRefusedException>().With.Message.Contains(
            "Gateway:Hook:ClusterId is set, but Gateway:Roles is 'notify', and such a gateway knows no clusters; give it the role 'proxy' as well, or leave the hook out here."));

    private Dictionary<string, string?> Settings() => new()
    {
        ["ReverseProxy:Clusters:hook:Destinations:a:Address"] = _service.Address,
        ["Gateway:Hook:ClusterId"] = "hook",
    };

    private IReadOnlyList<ReportRequest> Requests() =>
        [.. _service.Calls.Where(call => call.Path == "/gateway.hook.v1.PresenceHook/Report").Select(call => ReportRequest.Parser.ParseFrom(call.Message))];

    private IEnumerable<Report> Events() => Requests().SelectMany(request => request.Reports).Where(report => report.Kind == Kind.Event);

    /// <summary>What was reported of a user, oldest first; what was sent again counts once.</summary>
    private IReadOnlyList<string> ReportsOf(string user) =>
        [.. Requests().SelectMany(request => request.Reports).DistinctBy(report => report.Id).Where(report => report.UserIds.Contains(user))
            .OrderBy(report => report.AtMs).Select(report => $"{report.Kind}")];
}
