using Gateway.Proxy.Discovery.Dns;

namespace Gateway.Tests.Proxy.Discovery.Dns;

internal sealed class DnsAddressTests
{
    [TestCase("dns://user.chat.svc.cluster.local:9000", "user.chat.svc.cluster.local", 9000)]
    [TestCase("DNS://User.test.:1", "user.test.", 1)]
    [TestCase("dns://user_service:65535", "user_service", 65535)]
    [TestCase("dns+srv://_grpc._tcp.user.chat.svc.cluster.local", "_grpc._tcp.user.chat.svc.cluster.local", null)]
    public void TryParse_WellFormed_NamesNameAndPort(string address, string name, int? port)
    {
        Assert.That(DnsAddress.TryParse(address, out var parsed, out _), Is.True);
        Assert.That(parsed, Is.EqualTo(new DnsAddress(name, port)));
        Assert.That(DnsAddress.TryParse($"{parsed}", out var again, out _) ? again : null, Is.EqualTo(parsed), "It is written as it is read");
    }

    [TestCase("dns://user")]
    [TestCase("dns://user:")]
    [TestCase("dns://user:0")]
    [TestCase("dns://user:65536")]
    [TestCase("dns://user:http")]
    [TestCase("dns://user:1/")]
    [TestCase("dns://:1")]
    [TestCase("dns://a..b:1")]
    [TestCase("dns://10.0.0.1:1")]
    [TestCase("dns://[::1]:1")]
    [TestCase("dns://us er:1")]
    [TestCase("dns://-a:1")]
    [TestCase("dns://a-.test:1")]
    [TestCase("dns:user:1")]
    [TestCase("dns+srv://user:1")]
    [TestCase("dns+srv://")]
    public void TryParse_Malformed_SaysHowToWriteIt(string address)
    {
        Assert.That(DnsAddress.TryParse(address, out _, out var problem), Is.False);
        Assert.That(problem, Is.EqualTo("is not of the form 'dns://<name>:<port>' or 'dns+srv://<name>'; an IP address stands as 'http://<address>:<port>'"));
        Assert.That(DnsAddress.IsDns(address), Is.True);
    }
}
