using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection.Extensions;
using KestrelPort = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace Gateway.Proxy.Tls;

internal static class TlsExtensions
{
    public static void AddTls(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<TlsOptions, TlsOptionsValidator>().BindConfiguration(TlsOptions.SectionName);
        services.TryAddSingleton<TlsMetrics>();
        services.TryAddSingleton<ServerCertificate>();
        services.AddHostedService<CertificateWatcher>();
    }

    /// <summary>Makes a port speak TLS 1.2 or 1.3, and HTTP/2 with clients that can.</summary>
    public static void UseTls(this KestrelPort port, ServerCertificate certificate) => port.UseHttps(new TlsHandshakeCallbackOptions
    {
        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate.Context,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        }),
    });
}
