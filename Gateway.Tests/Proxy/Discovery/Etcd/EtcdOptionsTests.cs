using Gateway.Proxy.Discovery;
using Gateway.Proxy.Discovery.Etcd;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Discovery.Etcd;

public sealed class EtcdOptionsTests
{
    [Test]
    public void Defaults_AreValidAndUseNoEtcd()
    {
        var sut = new EtcdOptions();

        Assert.That(Errors(sut), Is.Empty);
        Assert.That(sut.EndpointList(), Is.Empty);
        Assert.That(sut.ServicePrefix, Is.EqualTo("/service/"));
        Assert.That(sut.ResyncInterval, Is.EqualTo(TimeSpan.FromSeconds(60)));
        Assert.That(sut.EmptyRegistryGrace, Is.EqualTo(TimeSpan.FromSeconds(30)));
        Assert.That(sut.Debounce, Is.EqualTo(TimeSpan.FromMilliseconds(50)));
    }

    [Test]
    public void Configuration_IsBound()
    {
        var sut = Bind(new()
        {
            ["Gateway:Etcd:Endpoints"] = "http://10.0.0.1:2379, https://etcd-2:2379/",
            ["Gateway:Etcd:ServicePrefix"] = "/chat/service/",
            ["Gateway:Etcd:RequestTimeout"] = "00:00:01.5",
        });

        Assert.That(sut.EndpointList(), Is.EqualTo(new[] { "http://10.0.0.1:2379", "https://etcd-2:2379/" }));
        Assert.That(sut.ServicePrefix, Is.EqualTo("/chat/service/"));
        Assert.That(sut.RequestTimeout, Is.EqualTo(TimeSpan.FromSeconds(1.5)));
    }

    [TestCase("10.0.0.1:2379")]
    [TestCase("ftp://10.0.0.1:2379")]
    [TestCase("http://")]
    [TestCase("http://etcd:2379/v3")]
    public void Endpoints_NotAUrl_IsRefused(string endpoint)
    {
        Assert.That(Errors(new EtcdOptions { Endpoints = $"http://etcd-1:2379,{endpoint}" }), Is.EqualTo(new[]
        {
            $"Gateway:Etcd:Endpoints holds '{endpoint}'; write each etcd member as 'http://host:2379' and separate them by commas.",
        }));
    }

    [Test]
    public void Endpoints_WithAPassword_AreRefusedWithoutIt() => Assert.That(Errors(new EtcdOptions { Endpoints = "http://user:secret@etcd:2379" }), Is.EqualTo(new[]
    {
        "Gateway:Etcd:Endpoints holds 'http://(hidden)@etcd:2379'; write each etcd member as 'http://host:2379' and separate them by commas.",
    }));

    [TestCase("")]
    [TestCase("/")]
    [TestCase("service")]
    [TestCase("/service")]
    [TestCase("service/")]
    [TestCase("/a//b/")]
    public void ServicePrefix_WithoutSlashes_IsRefused(string prefix)
    {
        Assert.That(Errors(new EtcdOptions { ServicePrefix = prefix }), Is.EqualTo(new[]
        {
            $"Gateway:Etcd:ServicePrefix is '{prefix}'; start and end it with a slash, as in '/service/'.",
        }));
    }

    [Test]
    public void Times_OutOfRange_AreAllNamed()
    {
        var sut = new EtcdOptions
        {
            ResyncInterval = TimeSpan.Zero,
            EmptyRegistryGrace = TimeSpan.FromSeconds(-1),
            ConnectTimeout = TimeSpan.FromDays(3),
            RequestTimeout = TimeSpan.Zero,
            RetryDelayMin = TimeSpan.Zero,
            RetryDelayMax = TimeSpan.FromHours(1),
            Debounce = TimeSpan.FromSeconds(11),
        };

        Assert.That(Errors(sut), Is.EqualTo(new[]
        {
            "Gateway:Etcd:ResyncInterval is '00:00:00'; use a time from '00:00:01' to '01:00:00', written as hours:minutes:seconds.",
            "Gateway:Etcd:EmptyRegistryGrace is '-00:00:01'; use a time from '00:00:00' to '01:00:00', written as hours:minutes:seconds.",
            "Gateway:Etcd:ConnectTimeout is '3.00:00:00'; use a time from '00:00:00.0100000' to '00:01:00', written as hours:minutes:seconds.",
            "Gateway:Etcd:RequestTimeout is '00:00:00'; use a time from '00:00:00.0100000' to '00:01:00', written as hours:minutes:seconds.",
            "Gateway:Etcd:RetryDelayMin is '00:00:00'; use a time from '00:00:00.0010000' to '00:01:00', written as hours:minutes:seconds.",
            "Gateway:Etcd:RetryDelayMax is '01:00:00'; use a time from '00:00:00.0010000' to '00:01:00', written as hours:minutes:seconds.",
            "Gateway:Etcd:Debounce is '00:00:11'; use a time from '00:00:00' to '00:00:10', written as hours:minutes:seconds.",
        }));
    }

    [Test]
    public void RetryDelays_InWrongOrder_AreRefused()
    {
        var sut = new EtcdOptions { RetryDelayMin = TimeSpan.FromSeconds(9), RetryDelayMax = TimeSpan.FromSeconds(5) };

        Assert.That(Errors(sut), Is.EqualTo(new[]
        {
            "Gateway:Etcd:RetryDelayMin is '00:00:09'; it must not exceed RetryDelayMax, which is '00:00:05'.",
        }));
    }

    [Test]
    public void Configuration_Invalid_IsRefusedWhenRead()
    {
        var failure = Assert.Throws<OptionsValidationException>(() => Bind(new() { ["Gateway:Etcd:ServicePrefix"] = "service" }));

        Assert.That(failure!.Message, Does.Contain("Gateway:Etcd:ServicePrefix is 'service'"));
    }

    private static IEnumerable<string> Errors(EtcdOptions options) =>
        new EtcdOptionsValidator().Validate(null, options).Failures ?? [];

    private static EtcdOptions Bind(Dictionary<string, string?> settings)
    {
        using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build())
            .AddDiscovery()
            .BuildServiceProvider();
        return services.GetRequiredService<IOptions<EtcdOptions>>().Value;
    }
}
