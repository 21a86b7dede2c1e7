using System.Diagnostics.Metrics;
using Gateway.Proxy.Telemetry;

namespace Gateway.Proxy.Destinations;

/// <summary>When the certificates that the gateway shows to sub-services expire, and how changes of them ended.</summary>
internal sealed class UpstreamTlsMetrics
{
    private readonly Counter<long> _reloads;
    private Measurement<long>[] _expiries = [];

    public UpstreamTlsMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(GatewayMeter.Name);
        _reloads = meter.CreateCounter<long>("gateway.upstream.tls.reloads", "{reload}", "Changes of certificate files towards sub-services, by result.");
        meter.CreateObservableGauge(
            "gateway.upstream.tls.certificate.expires",
            () => _expiries,
            "s",
            "When the certificate that the gateway shows to a cluster expires, in seconds since 1970.");
    }

    public void Count(bool applied) => _reloads.Add(1, new KeyValuePair<string, object?>("result", applied ? "applied" : "refused"));

    public void Show(IEnumerable<(string Cluster, DateTimeOffset? Expires)> certificates) => _expiries =
    [
        .. from certificate in certificates
           let expires = certificate.Expires?.ToUnixTimeSeconds()
           where expires is not null
           select new Measurement<long>(expires.Value, new KeyValuePair<string, object?>("cluster", certificate.Cluster)),
    ];
}
