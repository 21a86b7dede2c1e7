using System.Globalization;
using System.Text.Json;

namespace Gateway.Chaos.Parts;

/// <summary>One gateway, with a copy of the yarp.json as it is shipped.</summary>
internal sealed class GatewayNode : IDisposable
{
    /// <summary>What a gateway may hold of large requests, in bytes.</summary>
    public const int HeldRequestBytes = 256 << 20;

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };
    private readonly Uri _ready;
    private readonly Uri _metrics;
    private readonly string _routes;
    private readonly string _shippedRoutes = File.ReadAllText(Path.Combine(GatewayProgram.Folder, "yarp.json"));

    public GatewayNode(string folder, string redis, params string[] further)
    {
        var (http, webSocket, management) = (LoopbackPort.Free(), LoopbackPort.Free(), LoopbackPort.Free());
        Http = new Uri($"http://127.0.0.1:{http}");
        _ready = new Uri($"http://127.0.0.1:{management}/readyz");
        _metrics = new Uri($"http://127.0.0.1:{management}/metrics");
        _routes = Path.Combine(folder, $"yarp-{http}.json");
        ChangeRoutes(isOdd: false);
        Process = new Child(
            folder, GatewayProgram.Command[0],
            [
                .. GatewayProgram.Command[1..],
                "--Gateway:Listen:Address=127.0.0.1", $"--Gateway:Listen:HttpPort={http}", $"--Gateway:Listen:WebSocketPort={webSocket}",
                $"--Gateway:Management:Port={management}", $"--Gateway:Redis:Configuration={redis}",
                $"--Gateway:RoutesFile={_routes}", "--Gateway:Rpc:DefaultTimeout=00:00:02", "--Logging:LogLevel:Default=Warning",
                $"--Gateway:Limits:MaxHeldRequestBytes={HeldRequestBytes}",
                .. further,
            ]);
    }

    public Uri Http { get; }

    public Uri WebSocket => new UriBuilder(Http) { Scheme = "ws", Path = "/ws" }.Uri;

    public Child Process { get; }

    /// <summary>Starts it and waits until it says that it is ready.</summary>
    public Task StartAsync()
    {
        Process.Start();
        return Eventually.TrueAsync(
            async () =>
            {
                using var response = await _client.GetAsync(_ready);
                return response.IsSuccessStatusCode;
            },
            $"the gateway at {Http} is ready");
    }

    /// <summary>Replaces its yarp.json by the one that is shipped, or by one with other timeouts for files.</summary>
    public void ChangeRoutes(bool isOdd)
    {
        var next = $"{_routes}.next";
        File.WriteAllText(next, isOdd ? _shippedRoutes.Replace("\"00:05:00\"", "\"00:04:00\"", StringComparison.Ordinal) : _shippedRoutes);
        File.Move(next, _routes, overwrite: true);
    }

    /// <summary>How many changes of its routes it has taken over.</summary>
    public Task<int> AppliedReloadsAsync() => MetricAsync("gateway_config_reloads", "result=\"applied\"");

    /// <summary>How many sockets it has open.</summary>
    public Task<int> SocketsAsync() => MetricAsync("gateway_notify_sockets", "");

    /// <summary>Whether the hub has all of Redis.</summary>
    public async Task<bool> IsHubConnectedAsync()
    {
        using var response = await _client.GetAsync(_ready);
        using var report = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return report.RootElement.GetProperty("hub").GetProperty("state").GetString() == "connected";
    }

    /// <summary>How many instances it has from etcd.</summary>
    public async Task<int> KnownInstancesAsync()
    {
        using var response = await _client.GetAsync(_ready);
        using var report = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return report.RootElement.GetProperty("etcd").GetProperty("instances").GetInt32();
    }

    public void Dispose()
    {
        Process.Dispose();
        _client.Dispose();
    }

    /// <summary>The metric whose name begins so and which has the label; 0 when there is none yet.</summary>
    private async Task<int> MetricAsync(string name, string label)
    {
        var metrics = await _client.GetStringAsync(_metrics);
        var line = metrics.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal));
        return line is null ? 0 : int.Parse(line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);
    }
}
