using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using Gateway.Notify.Connections;
using Gateway.Proxy;
using Gateway.Proxy.Sessions;
using Gateway.Proxy.Telemetry;
using Gateway.Transforms.Events;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NUnit.Framework.Interfaces;
using OpenTelemetry.Metrics;

namespace Gateway.Tests.Support;

/// <summary>A real gateway on free ports, with the shipped yarp.json, sessions in memory and every cluster at the address a test gives.</summary>
internal sealed class GatewayFixture : IAsyncDisposable
{
    private static readonly string[] Clusters = ["user", "friend", "message-transmit", "message-storage", "file", "speech"];

    private readonly WebApplication _app;
    private int _disposed;

    private GatewayFixture(WebApplication app, RecordingLoggerProvider log, RecordingPublisher published)
    {
        _app = app;
        Log = log;
        Published = published;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    public RecordingLoggerProvider Log { get; }

    public RecordingPublisher Published { get; }

    /// <summary>Set by a test that makes the gateway log an error; otherwise an error fails it.</summary>
    public bool ErrorsExpected { get; set; }

    public Uri Address => Client.BaseAddress!;

    public IServiceProvider Services => _app.Services;

    /// <summary>The address of the HTTP port, then of the WebSocket port, then of the management port.</summary>
    public IReadOnlyList<string> Urls => [.. _app.Urls];

    /// <summary>The address of the management port.</summary>
    public Uri Management => new(Urls[^1]);

    public Task StopAsync() => _app.StopAsync();

    public InMemorySessionStore Sessions => _app.Services.GetRequiredService<InMemorySessionStore>();

    public int OpenSockets() => _app.Services.GetRequiredService<OpenSockets>().All.Count(socket => socket.Closing is null);

    /// <param name="subService">Where every cluster points to.</param>
    /// <param name="settings">Settings beside the fixture's own; they win.</param>
    /// <param name="configure">Services to replace.</param>
    public static async Task<GatewayFixture> StartAsync(
        string subService, Dictionary<string, string?>? settings = null, Action<WebApplicationBuilder>? configure = null)
    {
        var log = new RecordingLoggerProvider();
        var published = new RecordingPublisher();
        var app = GatewayHost.Build([], builder =>
        {
            builder.Configuration.AddInMemoryCollection(Defaults(subService));
            builder.Configuration.AddInMemoryCollection(settings ?? []);
            builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Debug).AddFilter("Gateway", LogLevel.Trace);
            builder.Services.AddSingleton<IEventPublisher>(published);
            builder.Services.ConfigureOpenTelemetryMeterProvider(MeasureThisOne);
            configure?.Invoke(builder);
        });
        await app.StartAsync();
        return new GatewayFixture(app, log, published);
    }

    /// <summary>Posts a message as a client does and parses the answer, which has to be HTTP 200.</summary>
    public async Task<TAnswer> CallAsync<TAnswer>(string path, IMessage request)
        where TAnswer : IMessage<TAnswer>, new()
    {
        using var response = await PostAsync(path, request.ToByteArray());
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        Assert.That(response.Content.Headers.ContentType?.ToString(), Is.EqualTo("application/x-protobuf"));
        return await ParseAsync<TAnswer>(response);
    }

    public async Task<HttpResponseMessage> PostAsync(string path, byte[] body, string? contentType = "application/x-protobuf")
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        return await Client.PostAsync(path, content);
    }

    public static async Task<TAnswer> ParseAsync<TAnswer>(HttpResponseMessage response)
        where TAnswer : IMessage<TAnswer>, new() =>
        new MessageParser<TAnswer>(() => new TAnswer()).ParseFrom(await response.Content.ReadAsByteArrayAsync());

    /// <summary>The code in x-gateway-error; empty when the gateway reports no failure of its own.</summary>
    public static string ErrorCode(HttpResponseMessage response) =>
        response.Headers.TryGetValues("x-gateway-error", out var values) ? values.Single() : "";

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        // Inconclusive while the test runs, passed in its tear-down; a failed test has said enough.
        if (TestContext.CurrentContext.Result.Outcome.Status is TestStatus.Inconclusive or TestStatus.Passed)
        {
            Log.AssertNoSessionIds();
            if (!ErrorsExpected)
            {
                Log.AssertNoErrors();
            }
        }
    }

    /// <summary>
    /// A meter provider takes in the instruments of its whole process, those of the gateways of other tests as well, and for each of them sets
    /// room for 2,000 combinations of tags aside: ten megabytes for every gateway of every test.
    /// </summary>
    private static void MeasureThisOne(IServiceProvider services, MeterProviderBuilder metrics)
    {
        var own = services.GetRequiredService<IMeterFactory>();
        metrics.AddView(instrument => instrument.Meter.Scope switch
        {
            IMeterFactory scope when scope != own => MetricStreamConfiguration.Drop,
            // What the gateway itself leaves out stays out.
            _ when TelemetryExtensions.CountedAlready.Contains(instrument.Name) => null,
            _ => new MetricStreamConfiguration { CardinalityLimit = 50 },
        });
    }

    private static Dictionary<string, string?> Defaults(string subService)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Gateway:Listen:Address"] = "127.0.0.1",
            ["Gateway:Listen:HttpPort"] = "0",
            ["Gateway:Listen:WebSocketPort"] = "0",
            ["Gateway:Management:Port"] = "0",
            ["Gateway:Sessions:Store"] = "Memory",
            // Beside other tests Redis may be late by more than a gateway puts up with.
            ["Gateway:Sessions:LookupTimeout"] = "00:00:02",
            ["Gateway:Notify:RedisTimeout"] = "00:00:02",
            // No line of it may name a session, whatever a test is about.
            ["Gateway:AccessLog:Enabled"] = "true",
        };
        foreach (var cluster in Clusters)
        {
            settings[$"ReverseProxy:Clusters:{cluster}:Destinations:etcd:Address"] = subService;
        }

        return settings;
    }
}
