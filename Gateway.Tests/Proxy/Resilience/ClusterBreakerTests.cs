using Gateway.Proxy.Resilience;
using Gateway.Proxy.Resilience.Breaker;
using Gateway.Transforms.Verdicts;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Polly.CircuitBreaker;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Proxy.Resilience;

[TestFixture]
internal sealed class ClusterBreakerTests
{
    private static readonly Verdict Failed = new(VerdictKind.Broken, RpcOutcome.SubServiceFailed, Reach.PerhapsSent);
    private static readonly Verdict Unjudged = new(VerdictKind.Unjudged, RpcOutcome.ClientGone, Reach.PerhapsSent);

    private FakeTimeProvider _time = null!;
    private ClusterBreaker _sut = null!;

    [SetUp]
    public void SetUp()
    {
        _time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        _sut = new ClusterBreaker("c", ResilienceSettings.Of(new ClusterConfig()), _time, NullLogger.Instance);
    }

    [Test]
    public async Task Tell_NearlyAllFail_Opens()
    {
        await TellAsync(Failed, ResilienceSettings.MinSample);

        Assert.That(_sut.IsOpen);
        Assert.That((await AskAsync(Verdict.Good)).Exception, Is.InstanceOf<BrokenCircuitException>());
    }

    [Test]
    public async Task Tell_Unjudged_CountsAsNothing()
    {
        await TellAsync(Unjudged, 1000);
        await TellAsync(Failed, ResilienceSettings.MinSample);

        Assert.That(_sut.IsOpen, "A thousand clients that hung up are no thousand answers");
    }

    [Test]
    public async Task Ask_ProbeAnswered_Closes()
    {
        await OpenAndWaitAsync();

        await AskAsync(Verdict.Good);

        Assert.That(_sut.IsClosed);
    }

    [Test]
    public async Task Ask_ProbeUnjudged_StaysOpenUntilTheNextProbe()
    {
        await OpenAndWaitAsync();

        await AskAsync(Unjudged);

        Assert.That((_sut.IsClosed, _sut.IsOpen), Is.EqualTo((false, true)));
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await AskAsync(Verdict.Good);
        Assert.That(_sut.IsClosed);
    }

    [Test]
    public async Task Ask_ProbeThrows_StaysOpenAndHandsTheExceptionOn()
    {
        await OpenAndWaitAsync();

        var outcome = await _sut.AskAsync<object?>(_ => throw new InvalidOperationException("defect"), null);

        Assert.That(outcome.Exception, Is.InstanceOf<InvalidOperationException>());
        Assert.That((_sut.IsClosed, _sut.IsOpen), Is.EqualTo((false, true)));
    }

    private async Task OpenAndWaitAsync()
    {
        await TellAsync(Failed, ResilienceSettings.MinSample);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.That((_sut.IsClosed, _sut.IsOpen), Is.EqualTo((false, false)));
    }

    private async Task TellAsync(Verdict verdict, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await _sut.TellAsync(verdict);
        }
    }

    private ValueTask<Polly.Outcome<Verdict>> AskAsync(Verdict verdict) => _sut.AskAsync(static verdict => new ValueTask<Verdict>(verdict), verdict);
}
