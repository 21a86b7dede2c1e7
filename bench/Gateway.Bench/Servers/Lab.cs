using System.Globalization;
using Gateway.Chaos.Parts;

namespace Gateway.Bench.Servers;

/// <summary>Starts the servers, all on free loopback ports and with one folder for what they write, and ends them.</summary>
/// <param name="gateway">The folder of the published gateway.</param>
/// <param name="native">The folder of the gateway that is compiled natively.</param>
internal sealed class Lab(string gateway, string native) : IDisposable
{
    private const string SettingOfImage = "ENV DOTNET_";

    private static readonly string[] Clusters = ["user", "friend", "message-transmit", "message-storage", "file", "speech"];

    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-bench-").FullName;
    private readonly List<IDisposable> _servers = [];
    private readonly int _http1 = LoopbackPort.Free();
    private readonly int _http2 = LoopbackPort.Free();
    private readonly int _brpc = LoopbackPort.Free();
    private RedisServer? _redis;

    public string Folder => _folder;

    public string GrpcAddress => $"http://127.0.0.1:{_http2}";

    private static string Self => Path.Combine(AppContext.BaseDirectory, "Gateway.Bench.dll");

    /// <summary>What the image sets for the runtime; the gateways run with it as they do there. bench/run.sh starts in the folder above.</summary>
    private static string[] ImageSettings => [.. File.ReadLines("Dockerfile").Where(line => line.StartsWith(SettingOfImage, StringComparison.Ordinal)).Select(line => line["ENV ".Length..])];

    private string GatewayProgram => Path.Combine(gateway, "Gateway.Proxy.dll");

    /// <summary>The sub-service itself, as the one without anything in front of it.</summary>
    public async Task<Candidate> StartSubServiceAsync()
    {
        var candidate = new Candidate(Names.Direct, Run("sub-service", "dotnet", Self, "sub-service", Text(_http1), Text(_http2), Text(_brpc)), _http1, null, null, KnowsPeople: false);
        await candidate.ListensAsync();
        return candidate;
    }

    public async Task<Candidate> StartNginxAsync()
    {
        var port = LoopbackPort.Free();
        var file = Path.Combine(_folder, "nginx.conf");
        // Two workers, and connections kept to both sides: nginx at its best on a machine such as this.
        await File.WriteAllTextAsync(file, $$"""
            daemon off;
            worker_processes auto;
            pid {{_folder}}/nginx.pid;
            error_log stderr error;
            events { worker_connections 4096; }
            http {
              access_log off;
              client_max_body_size 0;
              proxy_request_buffering off;
              proxy_max_temp_file_size 0;
              client_body_temp_path {{_folder}}/body;
              proxy_temp_path {{_folder}}/proxy;
              fastcgi_temp_path {{_folder}}/fastcgi;
              uwsgi_temp_path {{_folder}}/uwsgi;
              scgi_temp_path {{_folder}}/scgi;
              keepalive_requests 100000000;
              upstream sub_service { server 127.0.0.1:{{_http1}}; keepalive 512; keepalive_requests 100000000; }
              server {
                listen 127.0.0.1:{{port}};
                location / { proxy_pass http://sub_service; proxy_http_version 1.1; proxy_set_header Connection ""; }
              }
            }
            """);
        return await StartedAsync(new Candidate(Names.Nginx, Run("nginx", Program("nginx"), "-e", "stderr", "-p", _folder, "-c", file), port, null, null, KnowsPeople: false));
    }

    /// <summary>With as many threads as there are cores, and connections kept to both sides as nginx keeps them.</summary>
    public async Task<Candidate> StartHaProxyAsync()
    {
        var port = LoopbackPort.Free();
        var file = Path.Combine(_folder, "haproxy.cfg");
        await File.WriteAllTextAsync(file, $"""
            global
              maxconn 4096
            defaults
              mode http
              http-reuse always
              timeout connect 2s
              timeout client 60s
              timeout server 60s
            frontend clients
              bind 127.0.0.1:{port}
              default_backend sub_service
            backend sub_service
              server s 127.0.0.1:{_http1}

            """);
        return await StartedAsync(new Candidate(Names.HaProxy, Run("haproxy", Program("haproxy"), "-db", "-f", file), port, null, null, KnowsPeople: false));
    }

    public Task<Candidate> StartYarpAsync(bool http2)
    {
        var port = LoopbackPort.Free();
        return StartedAsync(new Candidate(
            http2 ? Names.YarpHttp2 : Names.YarpHttp1,
            Run($"yarp-{http2}", "dotnet", Self, "plain-yarp", Text(port), $"http://127.0.0.1:{(http2 ? _http2 : _http1)}", http2 ? "2.0" : "1.1"),
            port,
            null,
            null,
            KnowsPeople: false));
    }

    /// <summary>The gateway with its sessions in memory. It runs with the published gateway's own runtime settings.</summary>
    public Task<Candidate> StartMemoryGatewayAsync() => StartMemoryGatewayAsync(Names.Memory);

    /// <summary>The same, and it speaks baidu_std to sub-services.</summary>
    public Task<Candidate> StartBrpcGatewayAsync() => StartMemoryGatewayAsync(Names.Brpc, [.. Clusters.SelectMany(cluster => (string[])
    [
        $"--ReverseProxy:Clusters:{cluster}:Destinations:etcd:Address=http://127.0.0.1:{_brpc}",
        $"--ReverseProxy:Clusters:{cluster}:Metadata:Protocol=brpc",
    ])]);

    /// <summary>The published gateway with its sessions in Redis.</summary>
    public Task<Candidate> StartRedisGatewayAsync(params string[] settings) => StartWithRedisAsync(Names.Redis, ["dotnet", GatewayProgram], settings);

    /// <summary>The published gateway as one of several that share a Redis.</summary>
    public Task<Candidate> StartNodeAsync(RedisServer redis, params string[] settings) => StartNodeAsync(redis, Names.Redis, ["dotnet", GatewayProgram], settings);

    /// <summary>The gateway as <c>deploy/native.Dockerfile</c> compiles it, with its sessions in Redis.</summary>
    public Task<Candidate> StartNativeGatewayAsync() => StartWithRedisAsync(Names.RedisNative, [Path.Combine(native, "Gateway.Proxy")]);

    /// <summary>The Redis of all those gateways.</summary>
    public async Task<RedisServer> SharedRedisAsync() => _redis ??= await RedisServer.StartAsync(this);

    /// <summary>An etcd with nothing in it.</summary>
    public async Task<Uri> StartEtcdAsync()
    {
        var (clients, peers) = (LoopbackPort.Free(), LoopbackPort.Free());
        var address = $"http://127.0.0.1:{clients}";
        var etcd = new Candidate(
            "etcd",
            Run("etcd", "etcd", "--data-dir", Path.Combine(_folder, "etcd"), "--unsafe-no-fsync", "--listen-client-urls", address, "--advertise-client-urls", address,
                "--listen-peer-urls", $"http://127.0.0.1:{peers}", "--initial-advertise-peer-urls", $"http://127.0.0.1:{peers}", "--initial-cluster", $"default=http://127.0.0.1:{peers}"),
            clients,
            null,
            null,
            KnowsPeople: false);
        await etcd.ListensAsync();
        return etcd.Http;
    }

    /// <summary>Ends a server before the others.</summary>
    public void Stop(Candidate candidate) => Stop(candidate.Process);

    public void Stop(MeasuredProcess process)
    {
        _servers.Remove(process);
        process.Dispose();
    }

    public MeasuredProcess Run(string name, params string[] command)
    {
        var process = MeasuredProcess.Start(Path.Combine(_folder, $"{name.Replace(' ', '-')}-{_servers.Count}.log"), command);
        _servers.Add(process);
        return process;
    }

    public void Dispose()
    {
        foreach (var server in Enumerable.Reverse(_servers))
        {
            server.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private Task<Candidate> StartMemoryGatewayAsync(string name, params string[] settings) => StartGatewayAsync(
        name,
        ["dotnet", "exec", "--runtimeconfig", Path.ChangeExtension(GatewayProgram, ".runtimeconfig.json"), Self, "memory-gateway"],
        ["--Gateway:Sessions:Store=Memory", .. settings]);

    private async Task<Candidate> StartWithRedisAsync(string name, string[] program, params string[] settings) =>
        await StartNodeAsync(await SharedRedisAsync(), name, program, settings);

    private Task<Candidate> StartNodeAsync(RedisServer redis, string name, string[] program, params string[] settings) => StartGatewayAsync(
        name, program, [$"--Gateway:Redis:Configuration={redis.Address}", "--Gateway:Sessions:KeyPattern=session:{session_id}", .. settings]);

    private Task<Candidate> StartGatewayAsync(string name, string[] program, params string[] settings)
    {
        var (http, webSocket, management) = (LoopbackPort.Free(), LoopbackPort.Free(), LoopbackPort.Free());
        string[] all =
        [
            "--Gateway:Listen:Address=127.0.0.1", $"--Gateway:Listen:HttpPort={http}", $"--Gateway:Listen:WebSocketPort={webSocket}",
            $"--Gateway:Management:Port={management}", "--Gateway:Errors:StatusMode=Http",
            "--Gateway:Notify:MaxConnections=12000", "--Gateway:Notify:MaxConnectionsPerAddress=12000",
            .. Clusters.Select(cluster => $"--ReverseProxy:Clusters:{cluster}:Destinations:etcd:Address={GrpcAddress}"),
            .. settings,
        ];
        return StartedAsync(new Candidate(name, Run(name, ["env", .. ImageSettings, .. program, .. all]), http, webSocket, management, KnowsPeople: true));
    }

    private static string Program(string name) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Append("/usr/sbin").Select(path => Path.Combine(path, name)).First(File.Exists);

    private static async Task<Candidate> StartedAsync(Candidate candidate)
    {
        await candidate.ListensAsync();
        return candidate;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
