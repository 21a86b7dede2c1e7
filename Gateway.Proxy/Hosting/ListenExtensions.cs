using System.Net;
using Gateway.Notify.Takeover;
using Gateway.Proxy.Limits;
using Gateway.Proxy.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using KestrelPort = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace Gateway.Proxy.Hosting;

internal static class ListenExtensions
{
    /// <summary>Makes Kestrel listen where <see cref="ListenOptions"/> says.</summary>
    public static void AddListeners(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ListenOptions>().BindConfiguration(ListenOptions.SectionName).ValidateOnStart();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ListenOptions>, ListenOptionsValidator>());
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<ListenOptions>, IOptions<TlsOptions>, ServerCertificate, ConnectionEnd, ConnectionAge>((kestrel, options, secure, certificate, end, age) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ConfigureEndpointDefaults(port => port.Use(age));
            var listen = options.Value;
            var address = IPAddress.Parse(listen.Address);
            kestrel.ListenForBoth(address, listen.HttpPort, listen.WebSocketPort, _ => { });
            if (secure.Value.IsUsed)
            {
                certificate.Start();
                kestrel.ListenForBoth(address, secure.Value.HttpPort, secure.Value.WebSocketPort, port =>
                {
                    port.UseTls(certificate);
                    // Behind TLS it is known who speaks HTTP/2, and others pay nothing.
                    port.Use(next => connection => ConnectionEnd.IsHttp2(connection, port.Protocols) ? end.RunAsync(next, connection, port.Protocols) : next(connection));
                });
            }

            // For the endpoints of Kestrel's own section, which are added later; their TLS comes behind it.
            kestrel.ConfigureEndpointDefaults(port =>
            {
                port.Use(age);
                port.Use(next => connection => end.RunAsync(next, connection, port.Protocols));
            });
        });
    }

    private static void Use(this KestrelPort port, ConnectionAge age) => port.Use(next => connection =>
    {
        age.Begin(connection);
        return next(connection);
    });

    private static void ListenForBoth(this KestrelServerOptions kestrel, IPAddress address, int httpPort, int webSocketPort, Action<KestrelPort> secure)
    {
        if (webSocketPort == 0 || webSocketPort != httpPort)
        {
            kestrel.Listen(address, httpPort, secure);
        }

        kestrel.Listen(address, webSocketPort, port =>
        {
            secure(port);
            port.Use(next => connection =>
            {
                connection.Features.Set(WebSocketPort.Instance);
                return next(connection);
            });
            port.UseSocketTakeover();
        });
    }
}
