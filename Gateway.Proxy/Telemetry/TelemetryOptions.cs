using System.Diagnostics.CodeAnalysis;
using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Telemetry;

/// <summary>Where metrics and traces go: section <c>Gateway:Telemetry</c>.</summary>
public sealed class TelemetryOptions
{
    public const string SectionName = "Gateway:Telemetry";

    /// <summary>
    /// An OpenTelemetry collector that takes OTLP over gRPC, as <c>http://10.0.0.5:4317</c>. Default empty: nothing is sent, unless
    /// OpenTelemetry's own variable <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.
    /// </summary>
    public string OtlpEndpoint { get; set; } = "";

    /// <summary>Which part of the requests is traced, from 0 to 1. Default 0.1.</summary>
    public double TraceRatio { get; set; } = 0.1;

    /// <summary>
    /// Whether a request's <c>traceparent</c> is continued, and its wish to be traced followed. Default false: whoever can send
    /// requests could otherwise have all of them traced, and join them to the traces of others. Set it where only a load balancer
    /// of your own writes that header.
    /// </summary>
    public bool TrustTraceParent { get; set; }

    internal static bool IsAddress(string? endpoint, [NotNullWhen(true)] out Uri? address) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps);
}

internal sealed class TelemetryOptionsValidator : IValidateOptions<TelemetryOptions>
{
    public ValidateOptionsResult Validate(string? name, TelemetryOptions options)
    {
        var errors = new SettingErrors(TelemetryOptions.SectionName);
        if (options.OtlpEndpoint.Length > 0 && !TelemetryOptions.IsAddress(options.OtlpEndpoint, out _))
        {
            errors.Add($"{TelemetryOptions.SectionName}:OtlpEndpoint is '{Secrets.HideIn(options.OtlpEndpoint)}'; use 'http://host:4317', or nothing.");
        }

        if (options.TraceRatio is not (>= 0 and <= 1))
        {
            errors.Add($"{TelemetryOptions.SectionName}:TraceRatio is {options.TraceRatio}; use 0 (none) to 1 (all).");
        }

        return errors.Result;
    }
}
