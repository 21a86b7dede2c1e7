using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>A cluster whose calls nearly all fail is left alone for a moment.</summary>
[TestFixture]
internal sealed class BreakerTests : InstancesTest
{
    private const int Sample = 20;

    private FakeTimeProvider _time = null!;

    protected override Dictionary<string, string?> Settings => new()
    {
        [Metadata + "EjectAfterFailures"] = "1000",
        [Metadata + "EjectAtFailurePercent"] = "100",
        [Metadata + "MaxEjectedPercent"] = "0",
        [Metadata + "MaxRetries"] = "0",
    };

    private int Total => Instances.Sum(instance => instance.Calls.Count);

    protected override void Configure(WebApplicationBuilder builder)
    {
        _time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        builder.Services.AddSingleton<TimeProvider>(_time);
    }

    [Test]
    public async Task Cluster_NearlyAllCallsFail_IsLeftAloneUntilOneIsAnswered()
    {
        FailAll();
        await CallAsync(Sample);

        using var refused = await Gateway.PostAsync(ReadPath, new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray());

        Assert.That(GatewayFixture.ErrorCode(refused), Is.EqualTo("no-instance"));
        Assert.That(refused.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(5)));
        Assert.That(Total, Is.EqualTo(Sample), "Nobody is asked");
        Assert.That(Gateway.Log.Named("BreakerOpened").Single().Message, Does.StartWith("Cluster 'user' gets no calls for 5 s"));
        Assert.That(await ReadyAsync(), Does.Contain("nearly all calls of cluster 'user' fail; it is left alone for a moment"));

        AnswerAll();
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.That(await CallAsync(3), Has.All.Empty);
        Assert.That(Gateway.Log.Named("BreakerClosed"), Has.Count.EqualTo(1));
        Assert.That(await ReadyAsync(), Does.Not.Contain("left alone"));
    }

    [Test]
    public async Task Cluster_StillFails_IsAskedOnceEachTime()
    {
        FailAll();
        await CallAsync(Sample);
        _time.Advance(TimeSpan.FromSeconds(5));

        await CallAsync(4);

        Assert.That(Total, Is.EqualTo(Sample + 1));
    }

    [Test]
    public async Task Cluster_IsBeingTried_OthersAreRefusedMeanwhile()
    {
        FailAll();
        await CallAsync(Sample);
        _time.Advance(TimeSpan.FromSeconds(5));
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var instance in Instances)
        {
            instance.OnCall = async (context, _) =>
            {
                arrived.TrySetResult();
                await release.Task;
                await StubSubService.AnswerAsync(context, []);
            };
        }

        var trial = CallAsync();
        await arrived.Task.DefaultTimeout();
        Assert.That(await CallAsync(), Is.EqualTo("no-instance"));
        release.SetResult();

        Assert.That(await trial, Is.Empty);
        Assert.That(await CallAsync(), Is.Empty);
    }

    [Test]
    public async Task Cluster_FewCallsOrOtherErrors_StaysInUse()
    {
        FailAll();
        await CallAsync(Sample - 1);
        foreach (var instance in Instances)
        {
            instance.Fail(5, "no such user");
        }

        await CallAsync(2 * Sample);

        Assert.That(Total, Is.EqualTo((3 * Sample) - 1));
        Assert.That(Gateway.Log.Named("BreakerOpened"), Is.Empty);
    }

    [Test]
    public async Task Probe_ClientHangsUp_ClusterStaysAlone()
    {
        FailAll();
        await CallAsync(Sample);
        _time.Advance(TimeSpan.FromSeconds(5));
        var held = Instances.Select(instance => instance.Hold()).ToArray();

        using (var client = await RawClient.ConnectAsync(Gateway.Address))
        {
            await client.PostAsync(ReadPath, new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray());
            await Task.WhenAny(held.Select(calls => calls.Arrived)).DefaultTimeout();
        }

        await Task.WhenAny(held.Select(calls => calls.GivenUp)).DefaultTimeout();
        await Eventually.That(() => Gateway.Log.Named("CallRefused").Any(entry => entry.Message.Contains("client-gone", StringComparison.Ordinal)));
        AnswerAll();
        Assert.That(await CallAsync(), Is.EqualTo("no-instance"));
        Assert.That(Gateway.Log.Named("BreakerClosed"), Is.Empty);
    }

    [Test]
    public async Task Probe_BrokenTailOfALargeBodyAndASilentInstance_ClusterStaysAlone()
    {
        FailAll();
        await CallAsync(Sample);
        _time.Advance(TimeSpan.FromSeconds(5));
        foreach (var instance in Instances)
        {
            instance.OnRequest = async context =>
            {
                await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            };
        }

        var upload = Raw.Join(Raw.Text(3, "s-alice"), Raw.Bytes(4, new byte[2 << 20]), [0x80]);
        using var refused = await Gateway.PostAsync("/service/user/set_avatar", upload).DefaultTimeout();

        Assert.That(GatewayFixture.ErrorCode(refused), Is.EqualTo("bad-request"));
        Assert.That(await CallAsync(), Is.EqualTo("no-instance"));
        Assert.That(Gateway.Log.Named("BreakerClosed"), Is.Empty);
    }

    [Test]
    public async Task Probe_GoesOnForLongerThanThePause_AnotherOneIsMade()
    {
        FailAll();
        await CallAsync(Sample);
        _time.Advance(TimeSpan.FromSeconds(5));
        var held = Instances.Select(instance => instance.Hold()).ToArray();
        var slow = CallAsync();
        await Task.WhenAny(held.Select(calls => calls.Arrived)).DefaultTimeout();
        AnswerAll();
        Assert.That(await CallAsync(), Is.EqualTo("no-instance"));

        _time.Advance(TimeSpan.FromSeconds(5));
        await Eventually.That(async () => (await ReadyAsync()).Contains("left alone", StringComparison.Ordinal));
        _time.Advance(TimeSpan.FromMilliseconds(500));

        Assert.That(await CallAsync(), Is.Empty);
        Assert.That(slow.IsCompleted, Is.False);
    }

    private void FailAll()
    {
        foreach (var instance in Instances)
        {
            instance.Fail(14, "database is gone");
        }
    }

    private void AnswerAll()
    {
        foreach (var instance in Instances)
        {
            instance.OnCall = (context, _) => StubSubService.AnswerAsync(context, []);
        }
    }

    private Task<string> ReadyAsync() => Gateway.Client.GetStringAsync(new Uri(Gateway.Management, "/readyz"));
}
