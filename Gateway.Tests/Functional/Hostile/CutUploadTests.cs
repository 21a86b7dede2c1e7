using System.Net.Sockets;
using Gateway.Tests.Support;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>Clients that cut the connection within an upload, by the hundred. That is nobody's error: each test ends by looking for one in the log.</summary>
[TestFixture]
internal sealed class CutUploadTests : HostileTest
{
    private const int Uploads = 100;

    protected override Dictionary<string, string?> Settings => new()
    {
        ["ReverseProxy:Routes:ordinary:ClusterId"] = "ordinary",
        ["ReverseProxy:Routes:ordinary:Match:Path"] = "/ordinary",
        ["ReverseProxy:Clusters:ordinary:HttpRequest:Version"] = "2",
        ["ReverseProxy:Clusters:ordinary:HttpRequest:VersionPolicy"] = "RequestVersionExact",
        ["ReverseProxy:Clusters:ordinary:Destinations:a:Address"] = Service.Address,
    };

    [Test]
    public async Task Upload_Cut_LogsNoError([Values(LoginPath, "/ordinary")] string path, [Values(0, 3_000)] int sent)
    {
        for (var i = 0; i < Uploads; i++)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(true, 0) };
            await socket.ConnectAsync(Gateway.Address.Host, Gateway.Address.Port).DefaultTimeout();
            await socket.SendAsync(Wire($"POST {path} HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/x-protobuf\r\nContent-Length: 9000\r\nExpect: 100-continue\r\n\r\n"));
            Assert.That(await socket.ReceiveAsync(new byte[100]).DefaultTimeout(), Is.Positive, "The gateway reads the body from now on");
            await socket.SendAsync(new byte[sent]);
        }
    }
}
