using System.Text.Json;
using Gateway.Proxy.Destinations;
using Gateway.Proxy.Operations.Admin;
using Gateway.Proxy.Resilience;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>What operators are told of instances is true, also while these change.</summary>
[TestFixture]
internal sealed class StandingTests : InstancesTest
{
    private FakeTimeProvider _time = null!;

    protected override Dictionary<string, string?> Settings => new()
    {
        [Metadata + "EjectAfterFailures"] = "3",
        [Metadata + "MaxRetries"] = "0",
        [Metadata + "BreakerFailurePercent"] = "0",
    };

    /// <summary>As in <c>/admin/clusters</c>.</summary>
    private IReadOnlyList<Standing> User => Gateway.Services.GetRequiredService<Standings>().Of(Cluster);

    private IEnumerable<string> Words => Names.Select(name => Of(name).Word);

    protected override void Configure(WebApplicationBuilder builder)
    {
        _time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        builder.Services.AddSingleton<TimeProvider>(_time);
    }

    [Test]
    public async Task Killed_IsUnreachableFromTheFirstFailedCallOn_AndAvailableWhenItIsBackWithoutOne()
    {
        await CallAsync(3);
        var port = new Uri(Instances[0].Address).Port;
        await Instances[0].DisposeAsync();

        Assert.That(await CallAsync(3), Has.Exactly(1).EqualTo("no-instance"));

        Assert.That(Words, Is.EqualTo(new[] { "unreachable", "available", "available" }));
        Assert.That((Of("etcd").IsUsed, Of("etcd").Reason), Is.EqualTo((true, "no connection: Connection refused")));
        Assert.That(await ReadyAsync(), Does.Contain("cluster 'user' has 2 of 3 destinations available (1 unreachable); they get its calls"));

        Instances[0] = await StubSubService.StartAsync(port: port);
        await Eventually.That(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return Of("etcd").Kind == StandingKind.Available;
        });
        Assert.That(Instances[0].Calls, Is.Empty);
    }

    [Test]
    public async Task Ejected_IsFailing_UntilItHasAnswered()
    {
        Instances[0].Fail(14, "going down");
        await CallAsync(9);
        await Eventually.That(() => Available == 2);

        Assert.That(Of("etcd"), Is.EqualTo(Of("etcd") with
        {
            Kind = StandingKind.Failing,
            IsUsed = false,
            Until = _time.GetUtcNow() + TimeSpan.FromSeconds(5),
            Reason = "its last 3 calls failed, the newest as it says that it cannot serve",
        }));
        var shown = (await ClusterAsync("user")).GetProperty("destinations").EnumerateArray().Single(one => one.GetProperty("destination").GetString() == "etcd");
        Assert.That(
            (shown.GetProperty("state").GetString(), shown.GetProperty("until").GetDateTimeOffset(), shown.GetProperty("inUse").GetBoolean()),
            Is.EqualTo(("failing", Of("etcd").Until!.Value, false)));

        _time.Advance(TimeSpan.FromSeconds(5));
        await Eventually.That(() => Available == 3);
        Assert.That((Of("etcd").Kind, Of("etcd").IsUsed, Of("etcd").Until), Is.EqualTo((StandingKind.Failing, true, (DateTimeOffset?)null)), "Nobody knows better yet");
        Instances[0].OnCall = (context, _) => StubSubService.AnswerAsync(context, []);
        await CallAsync(3);
        Assert.That(Words, Has.All.EqualTo("available"));
    }

    [Test]
    public async Task MostFail_AreFailingAndUsed_AndAvailableOnceTheyAnswer()
    {
        foreach (var instance in Instances)
        {
            instance.Fail(14, "database is gone");
        }

        await CallAsync(9);
        await Eventually.That(() => Gateway.Log.Named("InstanceEjected").Count == 3 && Available == 3);
        Assert.That(Words, Has.All.EqualTo("failing"));
        Assert.That(User.Select(one => (one.IsUsed, one.Until)), Has.All.EqualTo((true, (DateTimeOffset?)null)));
        Assert.That(Of("third").Reason, Does.EndWith("; used all the same, because most of the cluster fails"));

        Instances[0].OnCall = (context, _) => StubSubService.AnswerAsync(context, []);
        await CallAsync(3);
        Assert.That(Words, Is.EqualTo(new[] { "available", "failing", "failing" }));
        Assert.That(await ReadyAsync(), Does.Contain("most destinations of cluster 'user' fail (2 failing), so all are used"));

        foreach (var instance in Instances)
        {
            instance.OnCall = (context, _) => StubSubService.AnswerAsync(context, []);
        }

        // Time stands still, so the failures from before are outnumbered, and not forgotten.
        await CallAsync(9);
        Assert.That(Words, Has.All.EqualTo("available"));
        Assert.That(await ReadyAsync(), Does.Contain("\"status\":\"ready\""));
    }

    [Test]
    public async Task OnlyInstance_Killed_IsAnOutage()
    {
        Assert.That(Names.Skip(1).All(name => { Gateway.Services.GetRequiredService<DrainedDestinations>().Drain("user", name); return true; }));
        await Instances[0].DisposeAsync();
        // The last ones find it ejected, and used all the same.
        await CallAsync(7);

        Assert.That(Words, Is.EqualTo(new[] { "unreachable", "drained", "drained" }));
        Assert.That(await ReadyAsync(), Does.Contain("cluster 'user' has no available destination (1 unreachable, 2 drained): all its calls fail"));
    }

    [Test]
    public async Task LastGoodInstance_Drained_LeavesThoseThatFailToAll_UntilItIsPutBack()
    {
        Instances[0].Fail(14, "going down");
        Instances[1].Fail(14, "going down");
        await Eventually.That(async () =>
        {
            await CallAsync();
            return Available == 1;
        });
        var drains = Gateway.Services.GetRequiredService<DrainCommands>();

        drains.Drain("user", "third");
        foreach (var instance in Instances)
        {
            instance.OnCall = (context, _) => StubSubService.AnswerAsync(context, []);
        }

        Assert.That(await CallAsync(2), Has.All.Empty);
        Assert.That(Words, Is.EqualTo(new[] { "available", "available", "drained" }));
        drains.Undrain("user", "third");
        Assert.That((Of("third").IsUsed, Of("third").Kind), Is.EqualTo((true, StandingKind.Available)));
    }

    [Test]
    public async Task OneFailureBetweenAnswers_IsNoNews()
    {
        Instances[0].Fail(14, "busy");
        await CallAsync(3);
        Assert.That(Words, Has.All.EqualTo("available"));

        await CallAsync(3);
        Assert.That(Words, Is.EqualTo(new[] { "failing", "available", "available" }));
        Assert.That((Of("etcd").IsUsed, Of("etcd").Reason), Is.EqualTo((true, "its last 2 calls failed, the newest as it says that it cannot serve")));
    }

    private Standing Of(string name) => User.Single(one => one.Destination.DestinationId == name);

    private async Task<JsonElement> ClusterAsync(string name) =>
        JsonDocument.Parse(await Gateway.Client.GetStringAsync(new Uri(Gateway.Management, "/admin/clusters"))).RootElement
            .EnumerateArray().Single(cluster => cluster.GetProperty("cluster").GetString() == name);

    private Task<string> ReadyAsync() => Gateway.Client.GetStringAsync(new Uri(Gateway.Management, "/readyz"));
}

/// <summary>The same over .NET's client, whose connections nobody sees.</summary>
[TestFixture]
internal sealed class StandingOverHttpTests : InstancesTest
{
    protected override Dictionary<string, string?> Settings => new() { [Metadata + "MaxRetries"] = "0", [Metadata + "Protocol"] = "http" };

    [Test]
    public async Task Killed_IsUnreachable_UntilItAnswers()
    {
        var standings = Gateway.Services.GetRequiredService<Standings>();
        await Instances[0].DisposeAsync();

        await CallAsync(6);

        var killed = standings.Of(Cluster).Single(one => one.Destination.DestinationId == "etcd");
        Assert.That((killed.Kind, killed.Reason), Is.EqualTo((StandingKind.Unreachable, "no connection to it")));
    }
}
