using System.Net;
using Gateway.Proxy.Limits;

namespace Gateway.Tests.Proxy.Limits;

[TestFixture]
internal sealed class LimitOptionsTests
{
    [Test]
    public void ServerLimits_Defaults_AreValid()
    {
        var sut = new ServerLimits();

        Assert.That(Errors(sut), Is.Empty);
        Assert.That(
            (sut.MaxConnections, sut.MaxUpgradedConnections, sut.RequestHeadersTimeout, sut.MaxRequestHeadersSize, sut.KeepAliveTimeout, sut.MaxConnectionAge, sut.MinDataRate, sut.MinDataRateGrace, sut.MaxHeldRequestBytes),
            Is.EqualTo((20000, 12000, TimeSpan.FromSeconds(10), 32768, TimeSpan.FromSeconds(130), TimeSpan.FromMinutes(10), 240, TimeSpan.FromSeconds(5), (long?)null)));
    }

    [TestCase(256L << 20, 72L << 20, TestName = "DefaultHeldRequestBytes_LittleMemory_TakesOneOfTheLargestFiles")]
    [TestCase(2L << 30, 256L << 20, TestName = "DefaultHeldRequestBytes_IsAnEighthOfTheMemory")]
    [TestCase(62L << 30, 512L << 20, TestName = "DefaultHeldRequestBytes_MuchMemory_IsHalfAGibibyte")]
    public void DefaultHeldRequestBytes_Of(long available, long expected) => Assert.That(ServerLimits.DefaultHeldRequestBytes(available), Is.EqualTo(expected));

    [Test]
    public void ServerLimits_OutOfBounds_AreRefusedOneByOne() => Assert.That(
        Errors(new ServerLimits
        {
            MaxConnections = 0,
            MaxUpgradedConnections = 1_000_001,
            RequestHeadersTimeout = TimeSpan.Zero,
            MaxRequestHeadersSize = 1023,
            KeepAliveTimeout = TimeSpan.FromHours(2),
            MaxConnectionAge = TimeSpan.FromMilliseconds(1),
            MinDataRate = -1,
            MinDataRateGrace = TimeSpan.FromSeconds(1),
            MaxHeldRequestBytes = (1 << 20) - 1,
        }),
        Is.EquivalentTo(new[]
        {
            "Gateway:Limits:MaxConnections is 0; use 1 to 1000000.",
            "Gateway:Limits:MaxUpgradedConnections is 1000001; use 1 to 1000000.",
            "Gateway:Limits:MaxRequestHeadersSize is 1023; use 1024 to 1048576.",
            "Gateway:Limits:MinDataRate is -1; use 0 to 1048576.",
            "Gateway:Limits:RequestHeadersTimeout is '00:00:00'; use '00:00:01' to '00:05:00'.",
            "Gateway:Limits:KeepAliveTimeout is '02:00:00'; use '00:00:01' to '01:00:00'.",
            "Gateway:Limits:MaxConnectionAge is '00:00:00.0010000'; use '00:00:01' to '1.00:00:00'.",
            "Gateway:Limits:MinDataRateGrace is '00:00:01'; use '00:00:02' to '00:05:00'.",
            "Gateway:Limits:MaxHeldRequestBytes is 1048575; use 1048576 to 1099511627776.",
        }));

    [Test]
    public void RateLimits_OutOfBounds_AreRefusedOneByOne() => Assert.That(
        new RateLimitsValidator().Validate(null, new RateLimits
        {
            ["login"] = new RateLimit { Window = TimeSpan.Zero, QueueLimit = -1 },
            ["send"] = new RateLimit { Permit = 1, Shared = true, QueueLimit = 1 },
            ["good"] = new RateLimit { Permit = 1 },
        }).Failures,
        Is.EquivalentTo(new[]
        {
            "Gateway:RateLimits:login:Permit is 0; use 1 to 1000000 requests.",
            "Gateway:RateLimits:login:Window is '00:00:00'; use '00:00:01' to '1.00:00:00'.",
            "Gateway:RateLimits:login:QueueLimit is -1; use 0 to 10000.",
            "Gateway:RateLimits:send:QueueLimit is 1 beside 'Shared'; nobody can wait for a shared limit, so use 0.",
        }));

    [Test]
    public void ProxyTrust_NoAddressOrNetwork_IsRefused() => Assert.That(
        new ProxyTrustValidator().Validate(null, new ProxyTrust { KnownProxies = { "10.0.0.2", "lb" }, KnownNetworks = { "10.0.0.0/24", "10.0.0.7/99" } }).Failures,
        Is.EqualTo(new[]
        {
            "Gateway:ForwardedHeaders:KnownProxies has 'lb'; use an IP address, as in '10.0.0.2'.",
            "Gateway:ForwardedHeaders:KnownNetworks has '10.0.0.7/99'; use a network, as in '10.0.0.0/24'.",
        }));

    [TestCase("10.1.2.3", "10.1.2.3")]
    [TestCase("::ffff:10.1.2.3", "10.1.2.3")]
    [TestCase("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [TestCase("::1", "::/64")]
    public void Partition_OfAnAddress_IsOneClient(string address, string partition) =>
        Assert.That(LimitPartition.Of(IPAddress.Parse(address)), Is.EqualTo(partition));

    private static IEnumerable<string> Errors(ServerLimits options) => new ServerLimitsValidator().Validate(null, options).Failures ?? [];
}
