using DnsClient;
using Gateway.Proxy.Discovery.Dns;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Discovery.Dns;

internal sealed class DnsOptionsTests
{
    [Test]
    public void Defaults_AreValidAndAskTheServersOfTheSystem()
    {
        var sut = new DnsOptions();

        Assert.That(Errors(sut), Is.Empty);
        Assert.That((sut.Refresh, sut.Timeout, sut.EmptyNameGrace, sut.Servers), Is.EqualTo((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30), "")));
    }

    /// <summary>As the source asks: a client of the library is made, which refuses an empty list.</summary>
    [TestCase("", null)]
    [TestCase("10.0.0.10, 10.0.0.11:5353", "10.0.0.10:53 10.0.0.11:5353")]
    public void Servers_AreThoseThatAreNamed_OrOfTheSystem(string servers, string? expected)
    {
        var sut = DnsSource.OptionsOf(new DnsOptions { Servers = servers });

        Assert.That(sut.AutoResolveNameServers, Is.EqualTo(expected is null));
        var asked = new LookupClient(sut).NameServers.Select(server => $"{server.Address}:{server.Port}");
        Assert.That(asked, expected is null ? Is.Not.Empty : Is.EqualTo(expected.Split(' ')));
    }

    [Test]
    public void Mistakes_AreNamed()
    {
        Assert.That(Errors(new DnsOptions { Servers = "10.0.0.10, dns.example, [::1]:5353, 10.0.0.11:53" }), Is.EqualTo(new[]
        {
            "Gateway:Dns:Servers holds 'dns.example'; write each server as '10.0.0.10' or '10.0.0.10:53' and separate them by commas.",
        }));
        Assert.That(Errors(new DnsOptions { Refresh = TimeSpan.Zero, Timeout = TimeSpan.FromHours(1), EmptyNameGrace = TimeSpan.FromDays(1) }), Is.EqualTo(new[]
        {
            "Gateway:Dns:Refresh is '00:00:00'; use a time from '00:00:00.1000000' to '01:00:00', written as hours:minutes:seconds.",
            "Gateway:Dns:Timeout is '01:00:00'; use a time from '00:00:00.0100000' to '00:01:00', written as hours:minutes:seconds.",
            "Gateway:Dns:EmptyNameGrace is '1.00:00:00'; use a time from '00:00:00' to '01:00:00', written as hours:minutes:seconds.",
        }));
    }

    private static IEnumerable<string> Errors(DnsOptions options) => new DnsOptionsValidator().Validate(Options.DefaultName, options).Failures ?? [];
}
