using System.Net;
using Gateway.Notify.Takeover;
using Gateway.Proxy.Tls;
using Gateway.Transforms.Bodies;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using KestrelPort = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace Gateway.Proxy.Hosting;

internal static class ListenExtensions
{
    /// <summary>
    /// What the server may have received of a request, or of an HTTP/2 connection, that nobody has asked for yet. Its own defaults, a mebibyte for
    /// each connection, are more than strangers should be able to fill.
    /// </summary>
    private const int UnreadBytes = 64 << 10;

    /// <summary>An upload over HTTP/2 gets one window further in each round trip.</summary>
    private const int Http2StreamWindowBytes = 384 << 10;

    /// <summary>A little more, so that one stream nobody reads does not stop the others.</summary>
    private const int Http2ConnectionWindowBytes = 512 << 10;

    /// <summary>Makes Kestrel listen where <see cref="ListenOptions"/> says.</summary>
    public static void AddListeners(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<ListenOptions, ListenOptionsValidator>().BindConfiguration(ListenOptions.SectionName);
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

    /// <summary>Bounds what clients may take of the server: connections, headers, time and memory.</summary>
    public static void AddServerLimits(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<ServerLimits, ServerLimitsValidator>().BindConfiguration(ServerLimits.SectionName);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ConnectionEnd>();
        services.TryAddSingleton<ConnectionAge>();
        services.TryAddSingleton(provider => new RequestBudget(
            provider.GetRequiredService<IOptions<ServerLimits>>().Value.MaxHeldRequestBytes
                ?? ServerLimits.DefaultHeldRequestBytes(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)));
        // The buffer of the socket itself; the server's own is one behind TLS.
        services.AddOptions<SocketTransportOptions>().Configure<IOptions<ServerLimits>>((sockets, options) => sockets.MaxReadBufferSize = UnreadOf(options.Value));
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<ServerLimits>>((kestrel, options) =>
        {
            var ours = options.Value;
            var limits = kestrel.Limits;
            limits.MaxConcurrentConnections = ours.MaxConnections;
            limits.MaxConcurrentUpgradedConnections = ours.MaxUpgradedConnections;
            limits.RequestHeadersTimeout = ours.RequestHeadersTimeout;
            limits.MaxRequestHeadersTotalSize = ours.MaxRequestHeadersSize;
            limits.MaxRequestBufferSize = UnreadOf(ours);
            limits.Http2.InitialStreamWindowSize = Http2StreamWindowBytes;
            limits.Http2.InitialConnectionWindowSize = Http2ConnectionWindowBytes;
            limits.KeepAliveTimeout = ours.KeepAliveTimeout;
            limits.MinRequestBodyDataRate = limits.MinResponseDataRate =
                ours.MinDataRate == 0 ? null : new MinDataRate(ours.MinDataRate, ours.MinDataRateGrace);
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
            GatewayPort.WebSocket.Mark(port);
            port.UseSocketTakeover();
        });
    }

    /// <summary>At least as much as the headers may take, which have to fit in.</summary>
    private static int UnreadOf(ServerLimits limits) => Math.Max(UnreadBytes, limits.MaxRequestHeadersSize);
}
