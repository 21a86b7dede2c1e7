using System.Net;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Bench.Servers;

/// <summary>YARP as it comes, passing everything to one destination: what the gateway can't be expected to beat by much.</summary>
internal static class PlainYarp
{
    public static async Task RunAsync(int port, string destination, Version version)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "sub-service", Match = new RouteMatch { Path = "{**any}" } }],
            [
                new ClusterConfig
                {
                    ClusterId = "sub-service",
                    Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = destination } },
                    HttpRequest = new ForwarderRequestConfig { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact },
                },
            ]);
        await using var app = builder.Build();
        app.MapReverseProxy();
        await app.RunAsync();
    }
}
