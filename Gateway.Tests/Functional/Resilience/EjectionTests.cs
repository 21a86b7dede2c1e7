using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>An instance that fails gets no requests for a while.</summary>
[TestFixture]
internal sealed class EjectionTests : InstancesTest
{
    private FakeTimeProvider _time = null!;

    protected override Dictionary<string, string?> Settings => new()
    {
        [Metadata + "EjectAfterFailures"] = "3",
        [Metadata + "MaxRetries"] = "0",
        [Metadata + "BreakerFailurePercent"] = "0",
    };

    protected override void Configure(WebApplicationBuilder builder)
    {
        _time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        builder.Services.AddSingleton<TimeProvider>(_time);
    }

    [Test]
    public async Task Instance_Unavailable_IsOutAndComesBack()
    {
        Instances[0].Fail(14, "going down");

        Assert.That(await CallAsync(9), Has.Exactly(3).EqualTo("no-instance"));
        await Eventually.That(() => Available == 2);
        Assert.That(await CallAsync(9), Has.All.Empty);
        Assert.That(Instances[0].Calls, Has.Count.EqualTo(3));
        Assert.That(Gateway.Log.Named("InstanceEjected").Single().Message, Does.Contain("gets no requests for 5 s: it fails, the last time as Unavailable"));

        Instances[0].OnCall = (context, _) => StubSubService.AnswerAsync(context, []);
        _time.Advance(TimeSpan.FromSeconds(5));
        await Eventually.That(() => Available == 3);

        Assert.That(await CallAsync(3), Has.All.Empty);
        Assert.That(Instances[0].Calls, Has.Count.EqualTo(4));
        Assert.That(Gateway.Log.Named("InstanceReturned"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Instance_FailsWhenItComesBack_IsOutAtOnceAndForTwiceAsLong()
    {
        Instances[0].Fail(14, "going down");
        await CallAsync(9);
        await Eventually.That(() => Available == 2);
        _time.Advance(TimeSpan.FromSeconds(5));
        await Eventually.That(() => Available == 3);

        Assert.That(await CallAsync(3), Has.Exactly(1).EqualTo("no-instance"));
        await Eventually.That(() => Available == 2);

        Assert.That(Gateway.Log.Named("InstanceEjected")[1].Message, Does.Contain("gets no requests for 10 s"));
        Assert.That(Gateway.Log.Named("InstanceReturned"), Is.Empty, "It has not served anybody yet");
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.That(Available, Is.EqualTo(2));
        _time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.That(() => Available == 3);
    }

    [Test]
    public async Task Instance_PortClosed_IsOut()
    {
        await Instances[0].DisposeAsync();

        await CallAsync(9);

        await Eventually.That(() => Available == 2);
        Assert.That(await CallAsync(9), Has.All.Empty);
        Assert.That(Gateway.Log.Named("InstanceEjected").Single().Message, Does.EndWith("as Unreachable."));
    }

    [Test]
    public async Task Instance_AnswersGarbage_IsOut()
    {
        Instances[0].AnswerRaw([7, 7, 7, 7, 7, 7]);

        Assert.That(await CallAsync(9), Has.Exactly(3).EqualTo("sub-service-failed"));

        await Eventually.That(() => Available == 2);
        Assert.That(Gateway.Log.Named("InstanceEjected").Single().Message, Does.EndWith("as Garbled."));
    }

    [TestCase(2)]
    [TestCase(5)]
    [TestCase(8)]
    [TestCase(12)]
    [TestCase(13)]
    [TestCase(16)]
    public async Task Instance_FailsTheCallItself_Stays(int status)
    {
        Instances[0].Fail(status, "not found");

        Assert.That(await CallAsync(30), Has.Exactly(10).EqualTo("sub-service-failed"));

        Assert.That(Available, Is.EqualTo(3));
        Assert.That(Gateway.Log.Named("InstanceEjected"), Is.Empty);
    }

    [Test]
    public async Task Instances_TwoOfThreeLookBad_TheThirdServesAll()
    {
        Instances[0].Fail(14, "going down");
        Instances[1].Fail(14, "going down");

        // Three failures of each: when the first is out, the turns of the others shift.
        await CallAsync(15);

        await Eventually.That(() => Available == 1);
        Assert.That(await CallAsync(9), Has.All.Empty);
    }

    [Test]
    public async Task Instances_MostLookBad_AllAreUsed()
    {
        foreach (var instance in Instances)
        {
            instance.Fail(14, "database is gone");
        }

        await CallAsync(9);
        await Eventually.That(() => Gateway.Log.Named("InstanceEjected").Count == 3);
        using var ready = await Gateway.Client.GetAsync(new Uri(Gateway.Management, "/readyz"));
        Assert.That(await ready.Content.ReadAsStringAsync(), Does.Contain("cluster 'user' has no available destination (3 failing): all its calls fail"));
        foreach (var instance in Instances)
        {
            instance.OnCall = (context, _) => StubSubService.AnswerAsync(context, []);
        }

        await Eventually.That(() => Available == 3);
        Assert.That(await CallAsync(9), Has.All.Empty, "Nobody waits for the end of an ejection");
    }
}
