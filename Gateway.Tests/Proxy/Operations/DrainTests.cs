using Gateway.Proxy.Operations;
using Gateway.Tests.Support;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Operations;

[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class DrainTests
{
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly FakeTimeProvider _time = new();

    [Test]
    public async Task Stopping_WithADelay_WaitsForIt()
    {
        var stopping = Create(TimeSpan.FromSeconds(5)).StoppingAsync(CancellationToken.None);

        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.That(stopping.IsCompleted, Is.False);
        _time.Advance(TimeSpan.FromSeconds(1));
        await stopping.DefaultTimeout();
    }

    [Test]
    public async Task Stopping_HostHasNoMoreTime_EndsWithoutAnError()
    {
        using var impatient = new CancellationTokenSource();
        var stopping = Create(TimeSpan.FromSeconds(5)).StoppingAsync(impatient.Token);

        await impatient.CancelAsync();

        await stopping.DefaultTimeout();
    }

    [Test]
    public void Stopping_NoDelay_GoesOnAtOnce() =>
        Assert.That(Create(TimeSpan.Zero).StoppingAsync(CancellationToken.None).IsCompletedSuccessfully, Is.True);

    [Test]
    public void HasBegun_AfterASignal_IsTrueBeforeAnythingStops()
    {
        var sut = Create(TimeSpan.Zero);
        Assert.That(sut.HasBegun, Is.False);

        _lifetime.StopApplication();

        Assert.That(sut.HasBegun, Is.True);
    }

    private Drain Create(TimeSpan delay) =>
        new(Options.Create(new ManagementOptions { DrainDelay = delay }), _lifetime, _time, NullLogger<Drain>.Instance);
}
