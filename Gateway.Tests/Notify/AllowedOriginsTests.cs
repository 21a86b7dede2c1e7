using Gateway.Notify;

namespace Gateway.Tests.Notify;

/// <summary>What an operator writes, and what a browser sends for it.</summary>
[TestFixture]
internal sealed class AllowedOriginsTests
{
    [TestCase("https://chat.example.com", "https://chat.example.com", true)]
    [TestCase("HTTPS://Chat.Example.COM", "https://chat.example.com", true)]
    [TestCase("https://chat.example.com/", "https://chat.example.com", true)]
    [TestCase("https://chat.example.com:443", "https://chat.example.com", true)]
    [TestCase("http://chat.example.com:80", "http://chat.example.com", true)]
    [TestCase("http://chat.example.com:443", "http://chat.example.com", false)]
    [TestCase("https://chat.example.com", "https://chat.example.com:8443", false)]
    [TestCase("https://chat.example.com", "http://chat.example.com", false)]
    [TestCase("https://chat.example.com", "https://chat.example.com.evil.example", false)]
    [TestCase("https://чат.рф", "https://xn--80a0bn.xn--p1ai", true)]
    [TestCase("https://ЧАТ.РФ", "https://xn--80a0bn.xn--p1ai", true)]
    [TestCase("https://xn--80a0bn.xn--p1ai", "https://xn--80a0bn.xn--p1ai", true)]
    [TestCase("http://[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080", true)]
    [TestCase("capacitor://localhost", "capacitor://localhost", true)]
    [TestCase("Ionic://LocalHost", "ionic://localhost", true)]
    [TestCase("app://", "app://", true)]
    [TestCase("app://bundle", "app://bundle", true)]
    [TestCase("app://bundle", "app://", false)]
    [TestCase("null", "null", true)]
    [TestCase("https://chat.example.com", "null", false)]
    [TestCase("https://chat.example.com", "", false)]
    [TestCase("https://chat.example.com", "https://chat.example.com/app", false)]
    [TestCase("*", "null", true)]
    [TestCase("*", "https://whoever.example", true)]
    public void Contains_ComparesNormalized(string setting, string origin, bool expected)
    {
        Assert.That(AllowedOrigins.FindErrors("x", [setting]), Is.Empty);
        Assert.That(new AllowedOrigins([setting]).Contains(origin), Is.EqualTo(expected));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("chat.example.com")]
    [TestCase("://chat.example.com")]
    [TestCase("https://")]
    [TestCase("https://chat.example.com/app")]
    [TestCase("https://chat.example.com//")]
    [TestCase("https://user@chat.example.com")]
    [TestCase("https://chat.example.com:port")]
    [TestCase("https://*.example.com")]
    [TestCase(" https://chat.example.com")]
    [TestCase("https://chat.example.com\n")]
    [TestCase("https://a.example, https://b.example")]
    [TestCase("app://чат")]
    [TestCase("NULL")]
    public void FindErrors_NoOrigin_SaysWhatToWrite(string? origin) => Assert.That(AllowedOrigins.FindErrors("Gateway:X", [origin!]), Is.EqualTo(new[]
    {
        $"Gateway:X has '{origin}'; use scheme and host alone, as in 'https://chat.example.com' or 'capacitor://localhost', or 'null'.",
    }));
}
