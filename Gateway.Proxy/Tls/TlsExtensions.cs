using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using KestrelPort = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace Gateway.Proxy.Tls;

internal static class TlsExtensions
{
    public static void AddTls(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<TlsOptions, TlsOptionsValidator>().BindConfiguration(TlsOptions.SectionName);
        services.TryAddSingleton<TlsMetrics>();
        services.TryAddSingleton<ServerCertificate>();
        services.WatchCertificates(static provider => provider.GetRequiredService<IOptions<TlsOptions>>().Value.IsUsed ? provider.GetRequiredService<ServerCertificate>().Check : null);
    }

    /// <summary>Has certificate files looked at for as long as the gateway runs.</summary>
    /// <param name="services">The services.</param>
    /// <param name="find">Finds what looks once; null where there are no files.</param>
    public static void WatchCertificates(this IServiceCollection services, Func<IServiceProvider, Action?> find) => services.AddSingleton<IHostedService>(
        provider => new CertificateWatcher(find(provider), provider.GetRequiredService<TimeProvider>()));

    /// <summary>The same for a port with few connections: the files are read for each. Where an authority is named, who shows no certificate of it gets no connection.</summary>
    public static void UseTls(this KestrelPort port, CertificateFiles own, string clientAuthorityFile) => port.UseHttps(new TlsHandshakeCallbackOptions
    {
        OnConnection = _ =>
        {
            var loaded = own.Load();
            var options = new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(loaded[0], [.. loaded.Skip(1)], offline: true),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            };
            if (clientAuthorityFile.Length > 0)
            {
                options.ClientCertificateRequired = true;
                options.CertificateChainPolicy = ClientTls.PolicyOf(clientAuthorityFile);
            }

            return ValueTask.FromResult(options);
        },
    });

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
