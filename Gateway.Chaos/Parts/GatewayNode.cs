namespace Gateway.Chaos.Parts;

/// <summary>One gateway, with the yarp.json as it is shipped.</summary>
internal sealed class GatewayNode : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };
    private readonly Uri _ready;

    public GatewayNode(string folder, string etcd, string redis)
    {
        var (http, webSocket, management) = (Child.FreePort(), Child.FreePort(), Child.FreePort());
        Http = new Uri($"http://127.0.0.1:{http}");
        _ready = new Uri($"http://127.0.0.1:{management}/readyz");
        Process = new Child(
            folder, "dotnet", Path.Combine(AppContext.BaseDirectory, "Gateway.Proxy.dll"),
            "--Gateway:Listen:Address=127.0.0.1", $"--Gateway:Listen:HttpPort={http}", $"--Gateway:Listen:WebSocketPort={webSocket}",
            $"--Gateway:Management:Port={management}", $"--Gateway:Etcd:Endpoints={etcd}", $"--Gateway:Redis:Configuration={redis}",
            "--Gateway:Rpc:DefaultTimeout=00:00:02", "--Logging:LogLevel:Default=Warning");
    }

    public Uri Http { get; }

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

    public void Dispose()
    {
        Process.Dispose();
        _client.Dispose();
    }
}
