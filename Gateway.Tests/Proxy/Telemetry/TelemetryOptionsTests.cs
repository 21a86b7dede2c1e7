using Gateway.Proxy.Telemetry;

namespace Gateway.Tests.Proxy.Telemetry;

[TestFixture]
internal sealed class TelemetryOptionsTests
{
    [Test]
    public void Defaults_AreValidAndTrustNobody()
    {
        var sut = new TelemetryOptions();

        Assert.That(Errors(sut), Is.Empty);
        Assert.That((sut.OtlpEndpoint, sut.TraceRatio, sut.TrustTraceParent), Is.EqualTo(("", 0.1, false)));
    }

    [Test]
    public void Settings_WithinTheBounds_AreValid([Values(0, 1)] double ratio) =>
        Assert.That(Errors(new TelemetryOptions { OtlpEndpoint = "https://collector:4317", TraceRatio = ratio }), Is.Empty);

    [TestCase("collector:4317")]
    [TestCase("somewhere")]
    public void OtlpEndpoint_NoAddress_IsRefused(string endpoint) => Assert.That(
        Errors(new TelemetryOptions { OtlpEndpoint = endpoint }),
        Is.EqualTo(new[] { $"Gateway:Telemetry:OtlpEndpoint is '{endpoint}'; use 'http://host:4317', or nothing." }));

    [Test]
    public void OtlpEndpoint_WithAPassword_IsRefusedWithoutIt() => Assert.That(
        Errors(new TelemetryOptions { OtlpEndpoint = "ftp://user:hush@collector" }),
        Is.EqualTo(new[] { "Gateway:Telemetry:OtlpEndpoint is 'ftp://(hidden)@collector'; use 'http://host:4317', or nothing." }));

    [TestCase(-0.1)]
    [TestCase(1.1)]
    [TestCase(double.NaN)]
    public void TraceRatio_OutOfRange_IsRefused(double ratio) => Assert.That(
        Errors(new TelemetryOptions { TraceRatio = ratio }),
        Is.EqualTo(new[] { $"Gateway:Telemetry:TraceRatio is {ratio}; use 0 (none) to 1 (all)." }));

    private static IEnumerable<string> Errors(TelemetryOptions options) => new TelemetryOptionsValidator().Validate(null, options).Failures ?? [];
}
