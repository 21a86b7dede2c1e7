using Gateway.Tests.Support;

namespace Gateway.Tests.Proxy.Discovery.Etcd;

/// <summary>Ends of a watch that no healthy etcd shows on demand. Each must lead to a full read and a new watch.</summary>
public sealed class EtcdMisbehaviourTests
{
    private FakeEtcd _etcd;

    [SetUp]
    public async Task SetUp()
    {
        _etcd = await FakeEtcd.StartAsync();
        _etcd.Pairs["user_service/i1"] = "10.0.0.1:80";
    }

    [TearDown]
    public async Task TearDown() => await _etcd.DisposeAsync();

    [Test]
    public Task StreamEndsNormally_IsFollowedByAFullRead() =>
        ResyncsAfterAsync(_ => Task.CompletedTask, "etcd ended the watch");

    [Test]
    public Task StreamEndsWithCancelled_IsFollowedByAFullRead() =>
        ResyncsAfterAsync(
            watch =>
            {
                watch.EndWith(1);
                return Task.CompletedTask;
            },
            "Cancelled, ");

    [Test]
    public Task WatchCancelledWhileTheStreamStaysOpen_IsFollowedByAFullRead() =>
        ResyncsAfterAsync(
            async watch =>
            {
                await watch.SendAsync(response => response.Canceled = true);
                await watch.StayOpenAsync();
            },
            "etcd cancelled the watch");

    [Test]
    public Task RevisionCompactedAway_IsFollowedByAFullRead() =>
        ResyncsAfterAsync(
            async watch =>
            {
                await watch.SendAsync(response => (response.Canceled, response.CompactRevision) = (true, 99));
                await watch.StayOpenAsync();
            },
            "the watched revision has been compacted away");

    [Test]
    public Task RevisionGoesBackwards_IsFollowedByAFullRead() =>
        ResyncsAfterAsync(
            async watch =>
            {
                await watch.SendAsync(response => response.Header.Revision = 1);
                await watch.StayOpenAsync();
            },
            "its revision went backwards");

    [Test]
    public Task AnotherClusterAnswers_IsFollowedByAFullRead() =>
        ResyncsAfterAsync(
            async watch =>
            {
                await watch.SendAsync(response => response.Header.ClusterId = 8);
                await watch.StayOpenAsync();
            },
            "another etcd cluster answers");

    [Test]
    public async Task WatchOpenButSilent_AuditNotices()
    {
        await using var sut = await WatcherHarness.StartAsync(
            _etcd.Endpoint,
            options => (options.ResyncInterval, options.RequestTimeout) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500)));
        await sut.ConnectedAsync();

        lock (_etcd.Pairs)
        {
            _etcd.Revision = 6;
            _etcd.Pairs["user_service/i2"] = "10.0.0.2:80";
        }

        await sut.KnowsAsync("user_service", "http://10.0.0.1:80", "http://10.0.0.2:80");
        Assert.That(sut.Logs.Named("EtcdContactLost").Select(entry => entry.Message), Has.Some.Contains("its watch no longer delivers changes"));
    }

    [Test]
    public async Task RangeAnswersLate_IsWaitedForWithinItsTime()
    {
        var late = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _etcd.BeforeRange = late.Task;
        await using var sut = await WatcherHarness.StartAsync(_etcd.Endpoint);
        Assert.That(sut.Registry.Status.Synced, Is.False);

        late.SetResult();

        await sut.KnowsAsync("user_service", "http://10.0.0.1:80");
        Assert.That(sut.Logs.Named("EtcdContactLost"), Is.Empty);
    }

    [Test]
    public async Task StreamEndsAtOnceAlways_AttemptsSlowDown()
    {
        _etcd.OnWatch = _ => Task.CompletedTask;
        await using var sut = await WatcherHarness.StartAsync(_etcd.Endpoint, options => options.RetryDelayMin = options.RetryDelayMax = TimeSpan.FromSeconds(1));
        await Eventually.That(() => _etcd.Watches >= 2);

        Assert.That(_etcd.Watches, Is.LessThan(4));
        Assert.That(sut.Addresses("user_service"), Is.EqualTo(new[] { "http://10.0.0.1:80" }));
    }

    private async Task ResyncsAfterAsync(Func<FakeEtcd.FakeWatch, Task> end, string reason)
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _etcd.OnWatch = async watch =>
        {
            await goOn.Task;
            _etcd.OnWatch = next => next.StayOpenAsync();
            await end(watch);
        };
        await using var sut = await WatcherHarness.StartAsync(_etcd.Endpoint);
        await sut.KnowsAsync("user_service", "http://10.0.0.1:80");
        await sut.ConnectedAsync();

        lock (_etcd.Pairs)
        {
            _etcd.Revision = 6;
            _etcd.Pairs["user_service/i2"] = "10.0.0.2:80";
        }

        goOn.SetResult();

        await sut.KnowsAsync("user_service", "http://10.0.0.1:80", "http://10.0.0.2:80");
        await Eventually.That(() => _etcd.Watches == 2 && sut.Registry.Status.Connected);
        Assert.That(sut.Logs.Named("EtcdContactLost")[^1].Message, Does.Contain(reason));
        await Eventually.That(() => sut.Logs.Named("EtcdInContact").Count == 2);
    }
}
