using System.Security.Cryptography;
using ChatDemo.Accounts;
using ChatDemo.Storage;
using Gateway.Notify.Presence;
using Gateway.Proxy;
using Gateway.Transforms.Identity;
using Microsoft.Data.Sqlite;
using StackExchange.Redis;

namespace ChatDemo.Hosting;

/// <summary>The whole demo, running: the sub-services, the gateway before them and the chat page, in one process.</summary>
internal sealed class DemoHost : IAsyncDisposable
{
    private static readonly string[] Clusters = ["user", "friend", "message-transmit", "message-storage", "file", "speech"];

    /// <summary>Where whoever starts the demo may have set a management token.</summary>
    private static readonly string[] Secrets = ["Gateway:Management:Token", "Gateway:Management:TokenFile"];

    private readonly DemoOptions _options;
    private readonly string _ownToken = NewToken();
    private int _managementPort;
    private string _managementToken = "";
    private PushPort _push = null!;
    private IDisposable? _folder;
    private ConnectionMultiplexer? _redis;
    private EtcdRegistration? _registration;
    private WebApplication? _services;
    private WebApplication? _gateway;
    private WebApplication? _page;

    private DemoHost(DemoOptions options) => _options = options;

    /// <summary>The phone codes on their way to users; the smoke run reads them here.</summary>
    public VerifyCodes Codes { get; } = new(TimeProvider.System);

    /// <summary>Who is logged in, unless Redis keeps that.</summary>
    public SqliteSessions Sessions { get; private set; } = null!;

    public Uri GatewayAddress => new($"http://127.0.0.1:{_options.HttpPort}");

    public Uri WebSocketAddress => new($"ws://127.0.0.1:{_options.WebSocketPort}/ws");

    /// <summary>The gateway's page for its operators.</summary>
    public Uri ManagementAddress => new($"http://127.0.0.1:{_managementPort}");

    /// <summary>Where a browser finds the chat page.</summary>
    public Uri PageAddress => new(_page!.Urls.Single());

    /// <summary>What people need to know who have started it.</summary>
    public string Welcome(DataFolder folder) => $"""
        Open {PageAddress} in a browser, and once more in a private window to be two people. Ctrl-C ends the demo.
          Management  {ManagementAddress}, the gateway's page for its operators, with {_managementToken}
          Gateway     {GatewayAddress}
          WebSocket   {WebSocketAddress}
          Push        http://127.0.0.1:{_push.Number} for gRPC and http://127.0.0.1:{_push.Json}/v1/… for JSON, for sub-services, with the token {_push.Token} (docs/push.md)
          Data        {folder.Path}
          Next        point another chat client at these addresses, or see it all at once: ./demo.sh --smoke --http-port 9010 --ws-port 9011
        """;

    public static async Task<DemoHost> StartAsync(DemoOptions options, DataFolder folder)
    {
        var host = new DemoHost(options);
        try
        {
            await host.StartAsync(folder);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the gateway and starts a new one in its place, as an update does. Everything else stays up.</summary>
    public async Task RestartGatewayAsync()
    {
        await StopAsync(_gateway);
        _gateway = null;
        await StartGatewayAsync();
    }

    /// <summary>Returns after Ctrl-C or SIGTERM. The gateway has ended by then; disposing ends the rest.</summary>
    public Task WaitForShutdownAsync() => _gateway!.WaitForShutdownAsync();

    /// <summary>From the front to the back, so that a request under way still finds what it needs.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(_page);
        await StopAsync(_gateway);
        if (_registration is not null)
        {
            await _registration.DisposeAsync();
        }

        await StopAsync(_services);
        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }

        SqliteConnection.ClearAllPools();
        _folder?.Dispose();
    }

    private async Task StartAsync(DataFolder folder)
    {
        _folder = folder.Take();
        (_managementPort, var push, var json) = DemoPorts.Check(_options);
        _push = new PushPort(push, json, NewToken());
        var database = new Database(folder);
        Sessions = new SqliteSessions(database, TimeProvider.System);
        _services = SubServices.Build(folder, database, Codes, await FindSessionWriterAsync(), _push);
        await _services.StartAsync();
        var address = new Uri(_services.Urls.Single());

        if (_options.Etcd is not null)
        {
            _registration = await EtcdRegistration.StartAsync(_options.Etcd, address);
        }

        await StartGatewayAsync();
        if (!_options.Smoke)
        {
            _page = await ListenAsync(PageServer.Build(_options.PagePort, GatewayAddress, WebSocketAddress));
        }
    }

    private async Task StartGatewayAsync() =>
        _gateway = await ListenAsync(GatewayHost.Build([], builder => ConfigureGateway(builder, new Uri(_services!.Urls.Single()))));

    private static async Task<WebApplication> ListenAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
            return app;
        }
        catch
        {
            // Disposed here, not stopped: a host that failed to start throws at being stopped, which would hide why.
            await app.DisposeAsync();
            throw;
        }
    }

    private async Task<ISessionWriter> FindSessionWriterAsync()
    {
        if (_options.Redis is null)
        {
            return Sessions;
        }

        try
        {
            _redis = await ConnectionMultiplexer.ConnectAsync(_options.Redis);
            return new RedisSessionWriter(_redis);
        }
        catch (RedisConnectionException e)
        {
            throw new StartException($"Redis at {_options.Redis} does not answer; start it or leave out --redis.", e);
        }
    }

    private void ConfigureGateway(WebApplicationBuilder builder, Uri services)
    {
        var isSet = Secrets.Any(name => !string.IsNullOrEmpty(builder.Configuration[name]));
        _managementToken = isSet ? "the token of your settings" : $"the token {_ownToken}";
        builder.Configuration.AddInMemoryCollection(GatewaySettings(services));
        if (!isSet)
        {
            builder.Configuration.AddInMemoryCollection([KeyValuePair.Create(Secrets[0], (string?)_ownToken)]);
        }

        if (_options.Redis is null)
        {
            builder.Services.AddSingleton<ISessionStore>(Sessions);
            builder.Services.AddSingleton<ILoginState>(Sessions);
        }
    }

    private Dictionary<string, string?> GatewaySettings(Uri services)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Gateway:RoutesFolder"] = _options.Routes ?? "members",
            ["Gateway:Listen:Address"] = "127.0.0.1",
            ["Gateway:Listen:HttpPort"] = $"{_options.HttpPort}",
            ["Gateway:Listen:WebSocketPort"] = $"{_options.WebSocketPort}",
            ["Gateway:Management:Port"] = $"{_managementPort}",
            ["Gateway:Push:Port"] = $"{_push.Number}",
            ["Gateway:Push:JsonPort"] = $"{_push.Json}",
            ["Gateway:Push:Token"] = _push.Token,
            // Whoever plays with the demo comes from one address.
            ["Gateway:RateLimits:login:Permit"] = "100000",
            ["Gateway:RateLimits:register:Permit"] = "100000",
            ["Gateway:RateLimits:sms-code:Permit"] = "100000",
            ["Gateway:RateLimits:sms-number:Permit"] = "100000",
            // First calls on a busy machine take long, and what is not answered in time costs its events.
            ["Gateway:Events:LookUpTimeout"] = "00:00:10",
            ["Gateway:Cors:AllowedOrigins:0"] = "*",
            ["Gateway:Notify:AllowedOrigins:0"] = "*",
            ["Gateway:Sessions:Store"] = _options.Redis is null ? "Memory" : "Redis",
            ["Logging:LogLevel:Default"] = "Warning",
            ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Warning", // Program says where to connect
            // It logs a failed start with its stack; Program says the same in one sentence.
            ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "None",
        };
        if (_options.Redis is not null)
        {
            settings["Gateway:Redis:Configuration"] = _options.Redis;
            // As RedisSessionWriter writes them.
            settings["Gateway:Sessions:KeyPattern"] = "session:{session_id}";
        }

        if (_options.Etcd is not null)
        {
            settings["Gateway:Etcd:Endpoints"] = _options.Etcd;
        }
        else
        {
            foreach (var cluster in Clusters)
            {
                settings[$"ReverseProxy:Clusters:{cluster}:Destinations:etcd:Address"] = services.ToString();
            }
        }

        return settings;
    }

    private static string NewToken() => RandomNumberGenerator.GetHexString(32);

    private static async Task StopAsync(WebApplication? app)
    {
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }
}
