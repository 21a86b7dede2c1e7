using System.Globalization;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>A gateway in a process of its own, for what a test can't do to itself: be killed, or get a signal.</summary>
internal sealed class GatewayProcess : IDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly ChildProcess _process;

    private GatewayProcess(ChildProcess process, int httpPort, int webSocketPort, int managementPort)
    {
        _process = process;
        Http = new Uri($"http://127.0.0.1:{httpPort}");
        WebSocket = new Uri($"ws://127.0.0.1:{webSocketPort}/ws");
        Management = new Uri($"http://127.0.0.1:{managementPort}");
    }

    public Uri Http { get; }

    public Uri WebSocket { get; }

    public Uri Management { get; }

    public string Output => _process.Output;

    /// <summary>Starts a gateway with the shipped yarp.json and waits until it listens.</summary>
    public static async Task<GatewayProcess> StartAsync(Dictionary<string, string?> settings)
    {
        var (http, webSocket, management) = (LoopbackPort.Free(), LoopbackPort.Free(), LoopbackPort.Free());
        var all = new Dictionary<string, string?>(settings)
        {
            ["Gateway:Listen:Address"] = "127.0.0.1",
            ["Gateway:Listen:HttpPort"] = http.ToString(CultureInfo.InvariantCulture),
            ["Gateway:Listen:WebSocketPort"] = webSocket.ToString(CultureInfo.InvariantCulture),
            ["Gateway:Management:Port"] = management.ToString(CultureInfo.InvariantCulture),
        };
        // Beside other tests Redis may be late by more than a gateway puts up with.
        all.TryAdd("Gateway:Sessions:LookupTimeout", "00:00:02");
        all.TryAdd("Gateway:Notify:RedisTimeout", "00:00:02");
        foreach (var cluster in new[] { "user", "friend", "message-transmit", "message-storage", "file", "speech" })
        {
            all.TryAdd($"ReverseProxy:Clusters:{cluster}:Destinations:etcd:Address", "http://127.0.0.1:1");
        }

        var gateway = new GatewayProcess(
            ChildProcess.Start(
                GatewayProgram.Folder,
                [],
                [.. GatewayProgram.Command, .. all.Select(setting => $"--{setting.Key}={setting.Value}")]),
            http,
            webSocket,
            management);
        try
        {
            // The ports are opened one after the other.
            int[] ports = [http, webSocket, management];
            await Eventually.That(() => gateway._process.HasExited || ports.All(Listens), "the gateway listens");
            Assert.That(gateway._process.HasExited, Is.False, gateway.Output);
            return gateway;
        }
        catch
        {
            gateway.Dispose();
            throw;
        }
    }

    /// <summary>Asks the gateway to end, as an orchestrator does, and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        await _process.TerminateAsync();
        return await _process.ExitCodeAsync(StopLimit);
    }

    /// <summary>Stops the gateway where it is, as a machine that hangs does, until it is thawed.</summary>
    public Task FreezeAsync() => _process.FreezeAsync();

    public Task ThawAsync() => _process.ThawAsync();

    /// <summary>Ends the gateway as a crash would, without a word to anybody.</summary>
    public void Kill() => _process.Dispose();

    public void Dispose() => _process.Dispose();

    private static bool Listens(int port)
    {
        try
        {
            using var probe = new TcpClient("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
