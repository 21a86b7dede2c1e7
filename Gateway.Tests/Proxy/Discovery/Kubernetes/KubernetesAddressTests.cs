using Gateway.Proxy.Discovery.Kubernetes;

namespace Gateway.Tests.Proxy.Discovery.Kubernetes;

internal sealed class KubernetesAddressTests
{
    [TestCase("k8s://user.chat:grpc", "user.chat:grpc")]
    [TestCase("k8s://user:grpc", "user.own:grpc")]
    [TestCase("K8S://user-2.chat-3:9000", "user-2.chat-3:9000")]
    [TestCase("k8s://user:3com", "user.own:3com")]
    public void TryParse_WellFormed_NamesServiceNamespaceAndPort(string address, string expected)
    {
        Assert.That(KubernetesAddress.TryParse(address, "own", out var parsed, out _), Is.True);
        Assert.That(parsed!.ToString(), Is.EqualTo(expected));
    }

    [TestCase("k8s://user")]
    [TestCase("k8s://user.chat")]
    [TestCase("k8s://user.chat:")]
    [TestCase("k8s://user.chat:0")]
    [TestCase("k8s://user.chat:65536")]
    [TestCase("k8s://user.chat:99999999999999999999")]
    [TestCase("k8s://user.chat.svc:grpc")]
    [TestCase("k8s://User.chat:grpc")]
    [TestCase("k8s://user.:grpc")]
    [TestCase("k8s://.chat:grpc")]
    [TestCase("k8s://user.chat:grpc/path")]
    [TestCase("k8s://user.chat:grpc:1")]
    [TestCase("k8s:///user.chat:grpc")]
    [TestCase("k8s:user.chat:grpc")]
    [TestCase("k8s://../x:1")]
    [TestCase("k8s://-user:1")]
    public void TryParse_Malformed_SaysHowToWriteIt(string address)
    {
        Assert.That(KubernetesAddress.TryParse(address, "own", out _, out var problem), Is.False);
        Assert.That(problem, Is.EqualTo("is not of the form 'k8s://<service>:<port>' or 'k8s://<service>.<namespace>:<port>' with the name or number of a port; names are of small letters, digits and '-'"));
        Assert.That(KubernetesAddress.IsKubernetes(address), Is.True);
    }
}
