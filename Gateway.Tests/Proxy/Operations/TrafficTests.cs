using System.Diagnostics.Metrics;
using Gateway.Proxy.Operations.Statistics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Operations;

[TestFixture]
internal sealed class TrafficTests
{
    private ServiceProvider _services = null!;
    private FakeTimeProvider _time = null!;
    private Histogram<double> _calls = null!;
    private Traffic _sut = null!;

    [SetUp]
    public void Begin()
    {
        _time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = _services.GetRequiredService<IMeterFactory>();
        _sut = new Traffic(meters, _time);
        _calls = meters.Create("Gateway.Test").CreateHistogram<double>("gateway.destination.duration");
    }

    [TearDown]
    public void End()
    {
        _sut.Dispose();
        _services.Dispose();
    }

    [Test]
    public void CallsTo_ThousandsOfInstancesInUse_ForgetsNone_ButThoseThatNobodyCalls()
    {
        Call("gone");
        _time.Advance(TimeSpan.FromMinutes(2));

        for (var i = 0; i < 2500; i++)
        {
            Call($"http://{i}");
        }

        Assert.That(Enumerable.Range(0, 2500).Select(i => _sut.CallsTo("user", $"http://{i}").Calls), Has.All.EqualTo(1));
        Assert.That(_sut.CallsTo("user", "gone").Calls, Is.Zero);
    }

    [Test]
    public void CallsTo_AnInstanceCalledForTheFirstTime_IsARateOfTheLastMinute()
    {
        _time.Advance(TimeSpan.FromMinutes(2));

        Call("new");

        Assert.That(_sut.CallsTo("user", "new").LastMinute!.CallsPerSecond, Is.EqualTo(0.02));
    }

    private void Call(string destination) => _calls.Record(0.1, new("cluster", "user"), new("destination", destination), new("outcome", "ok"));
}
