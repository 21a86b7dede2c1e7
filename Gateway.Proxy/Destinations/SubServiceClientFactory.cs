using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using Gateway.Proxy.Destinations.Probing;
using Gateway.Transforms.Upstream;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxy.Destinations;

/// <summary>
/// Makes the HTTP clients of YARP, one for each cluster: for probes, for routes without an <c>Rpc</c> transform, and for all calls of a cluster that
/// speaks plain HTTP. Other calls have connections of the gateway's own.
/// </summary>
internal sealed class SubServiceClientFactory(Dialer dialer, ILogger<ForwarderHttpClientFactory> logger) : ForwarderHttpClientFactory(logger)
{
    /// <summary>
    /// In KiB. A header block above it ends the whole connection, with the calls of others, and a sub-service that quotes a long input
    /// in its grpc-message sends such blocks. 16 MiB is what gRPC in Go takes as well. A connection keeps memory for its longest value.
    /// </summary>
    private const int MaxResponseHeaders = 16 << 10;

    /// <summary>brpc's server does not look at the windows of streams, and the HTTP handler closes the connection when one is overrun.</summary>
    private const int StreamWindow = 16 << 20;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(10);

    [SuppressMessage("Usage", "CA2262", Justification = "It is in KiB.")]
    internal static void Configure(SocketsHttpHandler handler, UpstreamSettings settings)
    {
        handler.ConnectTimeout = ConnectTimeout;
        handler.ConnectCallback = static (context, cancellationToken) => WatchedSocket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        handler.PooledConnectionLifetime = ConnectionLifetime;
        handler.MaxResponseHeadersLength = MaxResponseHeaders;
        handler.InitialHttp2StreamWindowSize = settings.StreamWindow ?? StreamWindow;
        // Servers end connections whose clients ping without having asked for anything.
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        handler.KeepAlivePingDelay = settings.PingInterval ?? Timeout.InfiniteTimeSpan;
        handler.KeepAlivePingTimeout = settings.PingTimeout;
    }

    /// <summary>YARP compares the section HttpClient alone.</summary>
    protected override bool CanReuseOldClient(ForwarderHttpClientContext context) =>
        base.CanReuseOldClient(context) && UpstreamSettings.Of(context.OldMetadata, null) == UpstreamSettings.Of(context.NewMetadata, null);

    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        var settings = UpstreamSettings.Of(context.NewMetadata, context.NewConfig);
        Configure(handler, settings);
        if (settings.Tls.IsSet)
        {
            // The handler takes its own options for TLS once and for all. A stream that has been through the handshake it takes as it is.
            handler.ConnectCallback = (connection, cancellationToken) => ConnectAsync(connection, settings, cancellationToken);
        }
    }

    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
        new ProbeAnswers(base.WrapHandler(context, handler));

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext connection, UpstreamSettings settings, CancellationToken cancellationToken)
    {
        var request = connection.InitialRequestMessage;
        return await dialer.ConnectAsync(request.RequestUri!, settings, ProtocolsOf(request), cancellationToken);
    }

    /// <summary>What the handler itself would offer.</summary>
    private static SslApplicationProtocol[] ProtocolsOf(HttpRequestMessage request) => (request.Version.Major >= 2, request.VersionPolicy) switch
    {
        (true, not HttpVersionPolicy.RequestVersionOrLower) => [SslApplicationProtocol.Http2],
        (true, _) or (_, HttpVersionPolicy.RequestVersionOrHigher) => [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        _ => [],
    };
}
