using System.Net.Security;

namespace Gateway.Transforms.Upstream.Http2;

/// <summary>An instance that speaks gRPC: over cleartext HTTP/2 without an upgrade, or over TLS.</summary>
internal sealed class GrpcInstance(Uri address, UpstreamSettings settings, Dialer dialer, TimeProvider time) : UpstreamInstance(address, settings, time)
{
    private readonly RequestHeaders _headers = new(address);
    private readonly PingInterval _pings = new(settings.PingInterval);

    protected override async Task<UpstreamConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var stream = await dialer.ConnectAsync(Address, Settings, [SslApplicationProtocol.Http2], cancellationToken);
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

    protected override ValueTask<Answer> OpenAsync(UpstreamCall call, Func<HttpResponseMessage, ValueTask<bool>>? onHeaders, CancellationToken cancellationToken) =>
        GrpcAnswer.OpenAsync((Http2Call)call, onHeaders, cancellationToken);
}

/// <summary>
/// How often the connections to one destination may be pinged. A server that complains of pings is pinged half as often from then on:
/// https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md.
/// </summary>
/// <param name="interval">As the settings say; null for never.</param>
internal sealed class PingInterval(TimeSpan? interval)
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private long _ticks = interval?.Ticks ?? 0;

    public TimeSpan? Current => Volatile.Read(ref _ticks) is > 0 and var ticks ? TimeSpan.FromTicks(ticks) : null;

    public void SlowDown() => Volatile.Write(ref _ticks, Math.Min(_ticks * 2, Longest.Ticks));
}
