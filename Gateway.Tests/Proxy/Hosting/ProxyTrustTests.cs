using Gateway.Proxy.Hosting;

namespace Gateway.Tests.Proxy.Hosting;

[TestFixture]
internal sealed class ProxyTrustTests
{
    [Test]
    public void NoAddressOrNetwork_IsRefused() => Assert.That(
        new ProxyTrustValidator().Validate(null, new ProxyTrust { KnownProxies = { "10.0.0.2", "lb" }, KnownNetworks = { "10.0.0.0/24", "10.0.0.7/99" } }).Failures,
        Is.EqualTo(new[]
        {
            "Gateway:ForwardedHeaders:KnownProxies has 'lb'; use an IP address, as in '10.0.0.2'.",
            "Gateway:ForwardedHeaders:KnownNetworks has '10.0.0.7/99'; use a network, as in '10.0.0.0/24'.",
        }));
}
