using System.Net.Security;
using Gateway.Transforms.Rpc;

namespace Gateway.Transforms.Upstream.Http2;

/// <summary>An instance that speaks gRPC: over cleartext HTTP/2 without an upgrade, or over TLS.</summary>
internal sealed class GrpcInstance(Uri address, UpstreamSettings settings, TimeProvider time) : UpstreamInstance(address, settings, time)
{
    private readonly RequestHeaders _headers = new(address);
    private readonly PingInterval _pings = new(settings.PingInterval);

    protected override async Task<UpstreamConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var stream = await Dialer.ConnectAsync(Address, Settings, SslApplicationProtocol.Http2, cancellationToken);
        var connection = new Http2Connection(stream, _headers, Settings, _pings, Time);
        connection.Start(Pool.Changed);
        try
        {
            await connection.Greeted.WaitAsync(cancellationToken);
            return connection;
        }
        catch (Exception exception)
        {
            connection.Fail(exception);
            throw;
        }
    }

    protected override ValueTask<Answer> OpenAsync(UpstreamCall call, Func<HttpResponseMessage, ValueTask<bool>>? onHeader, CancellationToken cancellationToken) =>
        GrpcAnswer.OpenAsync((Http2Call)call, onHeader, cancellationToken);
}
