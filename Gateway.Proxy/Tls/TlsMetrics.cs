using System.Diagnostics.Metrics;
using Gateway.Proxy.Telemetry;

namespace Gateway.Proxy.Tls;

/// <summary>When the certificate expires, and how changes of it ended.</summary>
internal sealed class TlsMetrics
{
    private readonly Counter<long> _reloads;
    private ServerCertificate? _certificate;

    public TlsMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(GatewayMeter.Name);
        _reloads = meter.CreateCounter<long>("gateway.tls.reloads", "{reload}", "Changes of the certificate files, by result.");
        meter.CreateObservableGauge(
            "gateway.tls.certificate.expires",
            () => _certificate?.Expires is { } expires ? new Measurement<long>[] { new(expires.ToUnixTimeSeconds()) } : [],
            "s",
            "When the certificate that clients are shown expires, in seconds since 1970.");
    }

    public void Follow(ServerCertificate certificate) => _certificate = certificate;

    public void Count(bool applied) => _reloads.Add(1, new KeyValuePair<string, object?>("result", applied ? "applied" : "refused"));
}
