using Gateway.Proxy.Discovery.Etcd;

namespace Gateway.Tests.Proxy.Discovery.Etcd;

public sealed class EtcdAddressTests
{
    [TestCase("etcd:///service/user_service", "user_service")]
    [TestCase("ETCD:///service/user_service", "user_service")]
    [TestCase("etcd:///service/speech/recognition", "speech/recognition")]
    public void TryParse_EtcdAddress_NamesTheService(string address, string expected)
    {
        Assert.That(EtcdAddress.TryParse(address, "/service/", out var service, out var problem), Is.True, problem);
        Assert.That(service, Is.EqualTo(expected));
    }

    [TestCase("etcd://service/user_service", Description = "Two slashes make 'service' a host")]
    [TestCase("etcd:/service/user_service")]
    [TestCase("etcd:///other/user_service")]
    [TestCase("etcd:///service/")]
    [TestCase("etcd:///service")]
    [TestCase("etcd:///service/user_service/")]
    [TestCase("etcd:///service//user_service")]
    [TestCase("etcd:")]
    [TestCase("http://10.0.0.7:80")]
    [TestCase("")]
    public void TryParse_AnotherForm_SaysHowToWriteIt(string address)
    {
        Assert.That(EtcdAddress.TryParse(address, "/service/", out _, out var problem), Is.False);
        Assert.That(problem, Is.EqualTo("is not of the form 'etcd:///service/<service>'"));
    }
}
