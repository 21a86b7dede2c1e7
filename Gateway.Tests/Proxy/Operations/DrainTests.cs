using Gateway.Notify.Connections;
using Gateway.Proxy;
using Gateway.Proxy.Discovery.Etcd;
using Gateway.Proxy.Operations;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Operations;

[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class DrainTests
{
    private static readonly Type[] Order = [typeof(SelfRegistration), typeof(Drain), typeof(NotifyDrain)];

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

    [Test]
    public async Task Host_StopsTheEntryInEtcdFirst_ThenWaits_ThenClosesSockets()
    {
        await using var services = GatewayHost.CreateBuilder([]).Services.BuildServiceProvider();

        // The host stops them from the last to the first.
        var stops = services.GetServices<IHostedService>().Reverse().Select(service => service.GetType());

        Assert.That(stops.Where(type => Order.Contains(type)), Is.EqualTo(Order));
    }

    private Drain Create(TimeSpan delay) =>
        new(Options.Create(new ManagementOptions { DrainDelay = delay }), _lifetime, _time, NullLogger<Drain>.Instance);
}
