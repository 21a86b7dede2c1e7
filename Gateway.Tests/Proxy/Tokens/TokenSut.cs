using System.Net;
using Gateway.Proxy.Redis;
using Gateway.Proxy.Tokens;
using Gateway.Tests.Support;
using Gateway.Transforms.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Tokens;

/// <summary>A check of tokens, with keys that a test can change, at a time that it moves.</summary>
internal sealed class TokenSut : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-tokens-").FullName;
    private readonly RedisConnection _redis;

    public TokenSut(Action<JwtOptions>? configure = null, bool hasSecret = true, bool hasSet = true)
    {
        var options = new JwtOptions { SecretFile = hasSecret ? Path.Combine(_folder, "secret") : "", JwksFile = hasSet ? Path.Combine(_folder, "keys") : "" };
        configure?.Invoke(options);
        File.WriteAllText(Path.Combine(_folder, "secret"), TestTokens.Secret);
        WriteSet(Tokens.KeySet);
        var wrapped = Options.Create(options);
        var metrics = new TokenMetrics(TestMeters.Factory);
        Keys = new TokenKeys(wrapped, metrics, Time, Log.CreateLogger<TokenKeys>());
        _redis = new RedisConnection(Options.Create(new RedisOptions()), Time, NullLogger<RedisConnection>.Instance);
        Check = new TokenCheck(
            Keys, new DeniedTokens(_redis, options.DenyKeyPattern, TimeSpan.FromMilliseconds(200), Time, Log.CreateLogger<DeniedTokens>()), wrapped, metrics, Time, Log.CreateLogger<TokenCheck>());
    }

    public TestTokens Tokens { get; } = new();

    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    public RecordingLoggerProvider Log { get; } = new();

    public TokenKeys Keys { get; }

    public TokenCheck Check { get; }

    public async Task<SessionLookup> CheckAsync(string token) => await Check.CheckAsync(token, CancellationToken.None).AsTask().DefaultTimeout();

    public async Task<string?> UserOfAsync(string token) => (await CheckAsync(token)).UserId;

    public void WriteSet(string json) => File.WriteAllText(Path.Combine(_folder, "keys"), json);

    public void Dispose()
    {
        Keys.Dispose();
        _redis.Dispose();
        Tokens.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>An issuer's server, which hands out its keys.</summary>
internal sealed class KeyServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _fetches;

    private KeyServer(WebApplication app) => _app = app;

    public Func<HttpContext, Task> Answer { get; set; } = _ => Task.CompletedTask;

    public int Fetches => Volatile.Read(ref _fetches);

    public string Address => $"{_app.Urls.Single()}/keys";

    public static async Task<KeyServer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddLogging();
        var server = new KeyServer(builder.Build());
        server._app.Run(context =>
        {
            Interlocked.Increment(ref server._fetches);
            return server.Answer(context);
        });
        await server._app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
