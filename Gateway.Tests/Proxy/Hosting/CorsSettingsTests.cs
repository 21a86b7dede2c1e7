using Gateway.Proxy.Hosting;

namespace Gateway.Tests.Proxy.Hosting;

[TestFixture]
internal sealed class CorsSettingsTests
{
    [Test]
    public void Defaults_AreValidAndAllowNobody()
    {
        var sut = new CorsSettings();

        Assert.That(Errors(sut), Is.Empty);
        Assert.That(sut.AllowedOrigins, Is.Empty);
        Assert.That(sut.PreflightMaxAge, Is.EqualTo(TimeSpan.FromHours(1)));
    }

    [TestCase("*")]
    [TestCase("https://chat.example.com")]
    [TestCase("HTTPS://Chat.Example.com")]
    [TestCase("http://localhost:8080")]
    [TestCase("http://[::1]:8080")]
    [TestCase("https://chat.example.com/")]
    [TestCase("https://chat.example.com:443")]
    [TestCase("https://чат.рф")]
    [TestCase("capacitor://localhost")]
    [TestCase("app://")]
    [TestCase("null")]
    public void AllowedOrigins_Origin_IsValid(string origin) => Assert.That(Errors(new CorsSettings { AllowedOrigins = [origin] }), Is.Empty);

    [TestCase("")]
    [TestCase("chat.example.com")]
    [TestCase("https://chat.example.com/app")]
    [TestCase("https://user@chat.example.com")]
    [TestCase("https://*.example.com")]
    [TestCase("Null")]
    public void AllowedOrigins_NoOrigin_IsRefused(string origin) => Assert.That(Errors(new CorsSettings { AllowedOrigins = [origin] }), Is.EqualTo(new[]
    {
        $"Gateway:Cors:AllowedOrigins has '{origin}'; use scheme and host alone, as in 'https://chat.example.com' or 'capacitor://localhost', or 'null'.",
    }));

    [Test]
    public void AllowedOrigins_AnyBesideOthers_IsRefused() =>
        Assert.That(Errors(new CorsSettings { AllowedOrigins = ["https://a.example", "*", "b.example"] }), Is.EqualTo(new[]
        {
            "Gateway:Cors:AllowedOrigins has '*' beside other origins; keep the one or the others.",
            "Gateway:Cors:AllowedOrigins has 'b.example'; use scheme and host alone, as in 'https://chat.example.com' or 'capacitor://localhost', or 'null'.",
        }));

    [TestCase("00:00:00")]
    [TestCase("1.00:00:00")]
    public void PreflightMaxAge_AtTheBounds_IsValid(string age) => Assert.That(Errors(new CorsSettings { PreflightMaxAge = TimeSpan.Parse(age, null) }), Is.Empty);

    [TestCase("-00:00:01")]
    [TestCase("1.00:00:01")]
    public void PreflightMaxAge_OutOfRange_IsRefused(string age) =>
        Assert.That(Errors(new CorsSettings { PreflightMaxAge = TimeSpan.Parse(age, null) }), Is.EqualTo(new[]
        {
            $"Gateway:Cors:PreflightMaxAge is '{age}'; use '00:00:00' to '1.00:00:00'.",
        }));

    private static IEnumerable<string> Errors(CorsSettings options) => new CorsSettingsValidator().Validate(null, options).Failures ?? [];
}
