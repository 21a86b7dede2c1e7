using System.Diagnostics;
using Gateway.Transforms.Reporting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Gateway.Proxy.Telemetry;

internal static class TelemetryExtensions
{
    private const string Endpoint = $"{TelemetryOptions.SectionName}:{nameof(TelemetryOptions.OtlpEndpoint)}";

    /// <summary>OpenTelemetry's own variable, which every program of a deployment may share.</summary>
    private const string StandardEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>
    /// Meters whose numbers are given out: our own, and those of the platform. Sources of spans: the client's request and the call
    /// of the sub-service. The platform makes both, so that no instrumentation package reads headers past <see cref="EdgePropagator"/>.
    /// </summary>
    private static readonly string[] Meters =
    [
        .. CallMeters.Names, GatewayMeter.Name, "Gateway.Notify",
        "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime",
    ];

    /// <summary>What the platform counts for each call to a sub-service, and <c>gateway.destination.duration</c> counts already.</summary>
    public static readonly string[] CountedAlready = ["http.client.request.duration", "http.client.active_requests", "http.client.request.time_in_queue"];

    private static readonly string[] Sources = ["Microsoft.AspNetCore", "System.Net.Http", CallMeters.SpanSource];

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptionsWithValidateOnStart<TelemetryOptions, TelemetryOptionsValidator>().BindConfiguration(TelemetryOptions.SectionName);
        services.Replace(ServiceDescriptor.Singleton<DistributedContextPropagator, EdgePropagator>());

        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("gateway"))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Meters).AddPrometheusExporter();
                foreach (var instrument in CountedAlready)
                {
                    metrics.AddView(instrument, MetricStreamConfiguration.Drop);
                }
            });
        if (HasCollector(builder.Configuration))
        {
            services.Configure<OtlpExporterOptions>(otlp => SendTo(otlp, builder.Configuration[Endpoint]));
            telemetry
                .WithMetrics(metrics => metrics.AddOtlpExporter())
                .WithTracing(tracing => tracing
                    .AddSource(Sources)
                    .SetSampler(provider => new ParentBasedSampler(new TraceIdRatioBasedSampler(provider.GetRequiredService<IOptions<TelemetryOptions>>().Value.TraceRatio)))
                    .AddOtlpExporter());
        }
        else if (!bool.TryParse(builder.Configuration[$"{TelemetryOptions.SectionName}:{nameof(TelemetryOptions.TrustTraceParent)}"], out var trusts) || !trusts)
        {
            NameNoRequests(builder.Configuration);
        }
    }

    /// <summary>A probe every few seconds is not worth a trace.</summary>
    public static void DropSpan(HttpContext context)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is { } span)
        {
            span.IsAllDataRequested = false;
            span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }

    /// <summary>
    /// As long as this category logs anything, even nothing but errors, the server makes an id and a span for each request, and the
    /// HTTP client another. Where nobody collects them they are a quarter of what a request costs. Stands below every other source.
    /// </summary>
    private static void NameNoRequests(ConfigurationManager configuration) => configuration.Sources.Insert(0, new MemoryConfigurationSource
    {
        InitialData = new Dictionary<string, string?> { ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "None" },
    });

    private static bool HasCollector(ConfigurationManager configuration) =>
        !string.IsNullOrEmpty(configuration[Endpoint])
        || !string.IsNullOrEmpty(configuration[StandardEndpoint]);

    /// <summary>The exporter is made before settings are judged, and all other mistakes would be hidden by one of its own.</summary>
    private static void SendTo(OtlpExporterOptions otlp, string? endpoint)
    {
        if (TelemetryOptions.IsAddress(endpoint, out var address))
        {
            otlp.Endpoint = address;
            otlp.Protocol = OtlpExportProtocol.Grpc;
        }
    }
}
