using Gateway.Proxy.Hosting;

namespace Gateway.Tests.Proxy.Hosting;

[TestFixture]
internal sealed class ListenOptionsTests
{
    [Test]
    public void Defaults_AreValidAndWhatDeployedClientsUse()
    {
        var sut = new ListenOptions();

        Assert.That(Errors(sut), Is.Empty);
        Assert.That((sut.Address, sut.HttpPort, sut.WebSocketPort), Is.EqualTo(("0.0.0.0", 9000, 9001)));
    }

    [TestCase("::", 0, 65535)]
    [TestCase("127.0.0.1", 65535, 0)]
    [TestCase("fe80::1", 9000, 9000)]
    public void Settings_WithinTheBounds_AreValid(string address, int http, int webSocket) =>
        Assert.That(Errors(new ListenOptions { Address = address, HttpPort = http, WebSocketPort = webSocket }), Is.Empty);

    [TestCase("localhost")]
    [TestCase("")]
    [TestCase("*")]
    [TestCase("http://0.0.0.0")]
    public void Address_NoIpAddress_IsRefused(string address) => Assert.That(Errors(new ListenOptions { Address = address }), Is.EqualTo(new[]
    {
        $"Gateway:Listen:Address is '{address}'; use an IP address, '0.0.0.0' for all.",
    }));

    [TestCase(-1)]
    [TestCase(65536)]
    public void Ports_OutOfRange_AreRefused(int port) => Assert.That(Errors(new ListenOptions { HttpPort = port, WebSocketPort = port }), Is.EqualTo(new[]
    {
        $"Gateway:Listen:HttpPort is {port}; use 1 to 65535, or 0 for any free port.",
        $"Gateway:Listen:WebSocketPort is {port}; use 1 to 65535, or 0 for any free port.",
    }));

    private static IEnumerable<string> Errors(ListenOptions options) => new ListenOptionsValidator().Validate(null, options).Failures ?? [];
}
