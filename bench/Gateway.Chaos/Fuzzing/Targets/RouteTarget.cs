using System.Text;
using Gateway.Proxy;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Settings;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>A yarp.json, read and judged as at a reload. It is accepted, or at least one sentence says what is wrong.</summary>
internal sealed class RouteTarget : IFuzzTarget
{
    private const string File = "yarp.json";

    private readonly RouteLoader _loader;

    public RouteTarget()
    {
        var builder = GatewayHost.CreateBuilder([], host => host.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?> { [RouteFile.Setting] = Path.Combine(AppContext.BaseDirectory, File) }));
        builder.Logging.ClearProviders();
        // Lives as long as the process, as the gateway's own does.
        _loader = builder.Services.BuildServiceProvider().GetRequiredService<RouteLoader>();
    }

    public string Name => "routes";

    public IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[]
        {
            "Routes", "Clusters", "ClusterId", "Match", "Path", "Methods", "Hosts", "Headers", "QueryParameters", "Order", "Metadata", "Transforms", "Timeout", "TimeoutPolicy",
            "RateLimiterPolicy", "CorsPolicy", "AuthorizationPolicy", "MaxRequestBodySize", "Rpc", "Session", "Notify", "Destinations", "Address", "Health", "HealthCheck", "Active", "Passive",
            "Enabled", "Interval", "Policy", "LoadBalancingPolicy", "SessionAffinity", "HttpClient", "HttpRequest", "Version", "VersionPolicy", "WebProxy", "SslProtocols",
            "Required", "Anonymous", "FriendAdd", "NewMessage", "GrpcHealth", "Protocol", "Idempotent", "grpc", "http", "bite_im.UserService/GetUserInfo", "x.FriendService/FriendAdd",
            "etcd:///service/user_service", "etcd://", "http://127.0.0.1:1", "https://[::1]:1", "/service/{**rest}", "/{a}/{a}", "/{a:int}", "/{a:regex(((a+)+)+$)}", "{", "}", "[", "]", ",", ":", "\"",
            "null", "true", "false", "0", "-1", "1", "1e999", "2147483648", "9223372036854775807", "00:00:01", "-00:00:01", "99999999.00:00:00", "\\u0000", "\\ud800", "POST", "1.1", "2", "3", "RequestVersionExact",
            "Gateway", "DescriptorSets", "RateLimits", "PathPrefix", "RequestHeader", "Set", "X-Forwarded", "//", "/*",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public bool Accepts(byte[] input, Dice dice)
    {
        try
        {
            var settings = JsonSettings.Parse("routes file", File, input);
            var origins = new RouteOrigins();
            foreach (var key in settings.Keys)
            {
                origins.Add(key, File);
            }

            var reading = new RouteReading(settings, settings, origins, [], [new(File, input)]);
            _loader.LoadAsync(reading, CancellationToken.None).GetAwaiter().GetResult();
            return true;
        }
        catch (ConfigurationRefusedException refused)
        {
            DisagreementException.Unless(
                refused.Errors.Count > 0 && !refused.Errors.Any(string.IsNullOrWhiteSpace), "it is refused, and nothing is said to be wrong");
            return false;
        }
    }
}
