using Gateway.Proxy.Hosting;

namespace Gateway.Tests.Proxy.Hosting;

[TestFixture]
internal sealed class ServerLimitsTests
{
    [Test]
    public void Defaults_AreValid()
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
    public void OutOfBounds_AreRefusedOneByOne() => Assert.That(
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

    private static IEnumerable<string> Errors(ServerLimits options) => new ServerLimitsValidator().Validate(null, options).Failures ?? [];
}
