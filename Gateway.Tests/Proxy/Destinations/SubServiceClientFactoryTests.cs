using System.Net;
using System.Net.Sockets;
using Gateway.Proxy.Destinations;
using Gateway.Tests.Support;
using Gateway.Transforms.Upstream;
using Microsoft.Extensions.Logging.Abstractions;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Tests.Proxy.Destinations;

[TestFixture]
internal sealed class SubServiceClientFactoryTests
{
    [Test]
    public void Configure_ByDefault_PingsNobodyAndTakesLongAnswersAndErrors()
    {
        using var sut = new SocketsHttpHandler();

        SubServiceClientFactory.Configure(sut, UpstreamSettings.Of(null, null));

        Assert.Multiple(() =>
        {
            Assert.That(sut.KeepAlivePingDelay, Is.EqualTo(Timeout.InfiniteTimeSpan));
            Assert.That(sut.InitialHttp2StreamWindowSize, Is.EqualTo(16 << 20));
            Assert.That(sut.MaxResponseHeadersLength, Is.EqualTo(16 << 10), "in KiB");
        });
    }

    [Test]
    public void Configure_WithSettings_PingsAtThatIntervalWhileCallsAreUnderWay()
    {
        using var sut = new SocketsHttpHandler();

        SubServiceClientFactory.Configure(sut, UpstreamSettings.Of(new Dictionary<string, string>
        {
            ["PingIntervalSeconds"] = "30",
            ["PingTimeoutSeconds"] = "7",
            ["StreamWindow"] = "65535",
        }, null));

        Assert.Multiple(() =>
        {
            Assert.That(sut.KeepAlivePingPolicy, Is.EqualTo(HttpKeepAlivePingPolicy.WithActiveRequests));
            Assert.That(sut.KeepAlivePingDelay, Is.EqualTo(TimeSpan.FromSeconds(30)));
            Assert.That(sut.KeepAlivePingTimeout, Is.EqualTo(TimeSpan.FromSeconds(7)));
            Assert.That(sut.InitialHttp2StreamWindowSize, Is.EqualTo(65535));
        });
    }

    [TestCase("PingIntervalSeconds", "5", false)]
    [TestCase("PingTimeoutSeconds", "5", false)]
    [TestCase("StreamWindow", "100000", false)]
    [TestCase("PingIntervalSeconds", "0", true)]
    [TestCase("MaxRetries", "1", true)]
    public void CreateClient_AfterAChange_IsTheOldOneOnlyIfNothingOfItChanged(string key, string value, bool same)
    {
        var sut = new SubServiceClientFactory(new Dialer(null!), NullLogger<ForwarderHttpClientFactory>.Instance);
        using var old = sut.CreateClient(new ForwarderHttpClientContext { ClusterId = "c", NewConfig = HttpClientConfig.Empty });

        using var client = sut.CreateClient(new ForwarderHttpClientContext
        {
            ClusterId = "c",
            OldConfig = HttpClientConfig.Empty,
            OldClient = old,
            NewConfig = HttpClientConfig.Empty,
            NewMetadata = new Dictionary<string, string> { [key] = value },
        });

        Assert.That(ReferenceEquals(client, old), Is.EqualTo(same));
    }

    [TestCase("PingIntervalSeconds", "3601", "0 to 3600")]
    [TestCase("PingTimeoutSeconds", "0", "1 to 300")]
    [TestCase("StreamWindow", "16 MiB", "65535 to 16777216")]
    public void Check_NumberOutOfRange_IsRefused(string key, string value, string range) => Assert.That(
        UpstreamSettings.Check(new ClusterConfig { ClusterId = "c", Metadata = new Dictionary<string, string> { [key] = value } }),
        Is.EqualTo(new[] { $"Cluster 'c': metadata '{key}' is '{value}'; use a number from {range}, or leave it out." }));

    /// <summary>Without pings it is the system that notices a machine that is gone.</summary>
    [Test]
    public async Task Connection_IsWatchedByTheSystem()
    {
        Socket? socket = null;
        await using var service = await StubSubService.StartAsync();
        using var handler = new SocketsHttpHandler
        {
            PlaintextStreamFilter = (context, _) =>
            {
                socket = ((NetworkStream)context.PlaintextStream).Socket;
                return ValueTask.FromResult(context.PlaintextStream);
            },
        };
        SubServiceClientFactory.Configure(handler, UpstreamSettings.Of(null, null));
        using var client = new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var response = await client.GetAsync(service.Address).DefaultTimeout();

        Assert.Multiple(() =>
        {
            Assert.That(socket!.NoDelay, Is.True);
            Assert.That(socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive), Is.EqualTo(1));
            Assert.That(socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime), Is.EqualTo(10));
            Assert.That(socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval), Is.EqualTo(5));
        });
        if (OperatingSystem.IsLinux())
        {
            const int UserTimeout = 18;
            var milliseconds = new byte[sizeof(int)];
            socket!.GetRawSocketOption((int)SocketOptionLevel.Tcp, UserTimeout, milliseconds);
            Assert.That(BitConverter.ToInt32(milliseconds), Is.EqualTo(20_000));
        }
    }
}
