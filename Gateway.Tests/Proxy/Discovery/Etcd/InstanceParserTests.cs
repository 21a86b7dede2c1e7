using System.Text;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Discovery.Etcd;

namespace Gateway.Tests.Proxy.Discovery.Etcd;

public sealed class InstanceParserTests
{
    private static readonly InstanceParser Sut = new("/service/");

    [TestCase("10.0.0.7:10003", "http://10.0.0.7:10003")]
    [TestCase("user-1.internal:80", "http://user-1.internal:80")]
    [TestCase("user_service:10003", "http://user_service:10003")]
    [TestCase("localhost:1", "http://localhost:1")]
    [TestCase("Host.Example:65535", "http://host.example:65535")]
    [TestCase("http://10.0.0.7:10003", "http://10.0.0.7:10003")]
    [TestCase("HTTP://10.0.0.7:10003", "http://10.0.0.7:10003")]
    [TestCase("https://10.0.0.7:443", "https://10.0.0.7:443")]
    [TestCase("10.0.0.7:10003/", "http://10.0.0.7:10003")]
    [TestCase("http://10.0.0.7:10003/", "http://10.0.0.7:10003")]
    [TestCase("[::1]:80", "http://[::1]:80")]
    [TestCase("https://[2001:DB8::7]:8443/", "https://[2001:db8::7]:8443")]
    public void TryParse_Address_IsUnderstood(string value, string address)
    {
        var parsed = Sut.TryParse("/service/user_service/i1"u8, Encoding.UTF8.GetBytes(value), out var instance, out var problem);

        Assert.That(parsed, Is.True, problem);
        Assert.That(instance, Is.EqualTo(new ServiceInstance("user_service", "/service/user_service/i1", address, SaysScheme: value.Contains("://", StringComparison.Ordinal))));
        Assert.That(new Uri(instance!.Address).IsAbsoluteUri, Is.True);
    }

    [TestCase("", "it names no host")]
    [TestCase("/", "it names no host")]
    [TestCase("http://", "it names no host")]
    [TestCase("10.0.0.7", "it names no port")]
    [TestCase("http:10.0.0.7", "its port is not a number from 1 to 65535", Description = "The host would be 'http'")]
    [TestCase(":80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("::1:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("[::1%eth0]:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("[10.0.0.7]:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("[]:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("user@10.0.0.7:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("user:secret@10.0.0.7:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("10.0.0.7/admin:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("10.0.0.7?x:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("a\\b:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("a%2fb:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase(" 10.0.0.7:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("10.0.0.7 :80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("a\r\nX-Evil: 1:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("a\0b:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("münchen:80", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("{\"host\":\"10.0.0.7\",\"port\":80}", "its host is not a name, an IPv4 address or an IPv6 address in brackets")]
    [TestCase("10.0.0.7:", "its port is not a number from 1 to 65535")]
    [TestCase("10.0.0.7:0", "its port is not a number from 1 to 65535")]
    [TestCase("10.0.0.7:65536", "its port is not a number from 1 to 65535")]
    [TestCase("10.0.0.7:99999999999", "its port is not a number from 1 to 65535")]
    [TestCase("10.0.0.7:-1", "its port is not a number from 1 to 65535")]
    [TestCase("10.0.0.7:+80", "its port is not a number from 1 to 65535")]
    [TestCase("10.0.0.7:0x50", "its port is not a number from 1 to 65535")]
    [TestCase("10.0.0.7:80 ", "its port is not a number from 1 to 65535")]
    [TestCase("10.0.0.7:80\n", "its port is not a number from 1 to 65535")]
    [TestCase("10.0.0.7:\u0668\u0660", "its port is not a number from 1 to 65535", Description = "Digits of another alphabet")]
    [TestCase("10.0.0.7:80/path", "its port is not a number from 1 to 65535")]
    [TestCase("10.0.0.7:80//", "its port is not a number from 1 to 65535")]
    [TestCase("10.0.0.7:80?x=1", "its port is not a number from 1 to 65535")]
    [TestCase("10.0.0.7:80#x", "its port is not a number from 1 to 65535")]
    [TestCase("ftp://10.0.0.7:21", "its scheme is neither http nor https")]
    [TestCase("etcd:///service/user_service", "its scheme is neither http nor https")]
    [TestCase("://10.0.0.7:80", "its scheme is neither http nor https")]
    public void TryParse_UnusableValue_SaysWhy(string value, string expected)
    {
        var parsed = Sut.TryParse("/service/user_service/i1"u8, Encoding.UTF8.GetBytes(value), out var instance, out var problem);

        Assert.That(parsed, Is.False);
        Assert.That(instance, Is.Null);
        Assert.That(problem, Is.EqualTo(expected));
    }

    [Test]
    public void TryParse_VeryLongHost_IsRefused()
    {
        var parsed = Sut.TryParse("/service/user_service/i1"u8, Encoding.UTF8.GetBytes(new string('a', 100_000) + ":80"), out _, out var problem);

        Assert.That(parsed, Is.False);
        Assert.That(problem, Does.StartWith("its host"));
    }

    [TestCase("/service/user_service/i1", "user_service")]
    [TestCase("/service/speech/recognition/i1", "speech/recognition")]
    [TestCase("/service/a/b/c/i1", "a/b/c")]
    [TestCase("/service/user_service/10.0.0.7:80", "user_service")]
    [TestCase("/service/用户/实例", "用户")]
    public void TryParse_Key_ServiceIsEverythingUpToTheLastSlash(string key, string service)
    {
        var parsed = Sut.TryParse(Encoding.UTF8.GetBytes(key), "10.0.0.7:80"u8, out var instance, out var problem);

        Assert.That(parsed, Is.True, problem);
        Assert.That(instance!.Service, Is.EqualTo(service));
        Assert.That(instance.Key, Is.EqualTo(key));
    }

    [TestCase("/service/user_service")]
    [TestCase("/service/user_service/")]
    [TestCase("/service/")]
    [TestCase("/service//i1")]
    [TestCase("/service///i1")]
    [TestCase("/service/a//i1")]
    [TestCase("/service/a//b/i1")]
    [TestCase("/other/user_service/i1")]
    [TestCase("")]
    public void TryParse_KeyOfAnotherForm_IsRefused(string key)
    {
        var parsed = Sut.TryParse(Encoding.UTF8.GetBytes(key), "10.0.0.7:80"u8, out _, out var problem);

        Assert.That(parsed, Is.False);
        Assert.That(problem, Is.EqualTo("its key is not of the form '/service/<service>/<instance>'"));
    }

    [Test]
    public void TryParse_KeyNotUtf8_IsRefused()
    {
        Assert.That(Sut.TryParse([0x2f, 0xff, 0xfe], "10.0.0.7:80"u8, out _, out var problem), Is.False);
        Assert.That(problem, Is.EqualTo("its key is not UTF-8"));
    }

    [Test]
    public void TryParse_ValueNotUtf8_IsRefused()
    {
        Assert.That(Sut.TryParse("/service/user_service/i1"u8, [0xc3, 0x28], out _, out var problem), Is.False);
        Assert.That(problem, Is.EqualTo("its value is not UTF-8"));
    }

    [Test]
    public void TryParse_AddressesWithRandomBytesChanged_GivesOnlyUsableAddresses()
    {
        var random = new Random(20251);
        for (var round = 0; round < 20_000; round++)
        {
            var value = "http://[2001:db8::7]:8443/"u8[random.Next(10)..].ToArray();
            for (var change = random.Next(3); change >= 0; change--)
            {
                value[random.Next(value.Length)] = (byte)random.Next(256);
            }

            if (Sut.TryParse("/service/user_service/i1"u8, value, out var instance, out _))
            {
                Assert.That(Uri.TryCreate(instance.Address, UriKind.Absolute, out var uri) && uri is { Port: > 0, PathAndQuery: "/", UserInfo: "" }, Is.True, instance.Address);
            }
        }
    }
}
