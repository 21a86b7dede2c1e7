using System.Net;

namespace Gateway.Transforms.Upstream.Brpc;

/// <summary>
/// An instance that speaks baidu_std. The protocol has no windows, and a frame goes out and comes in as a whole: so calls that send or are
/// answered much have connections of their own, one call at a time, where nobody has to wait for them.
/// </summary>
internal sealed class BrpcInstance : UpstreamInstance
{
    private readonly BrpcMethods _methods = new();
    private readonly Dialer _dialer;
    private readonly UpstreamPool _large;

    public BrpcInstance(Uri address, UpstreamSettings settings, Dialer dialer, TimeProvider time)
        : base(address, settings, time)
    {
        _dialer = dialer;
        _large = new UpstreamPool(cancellationToken => ConnectAsync(_large!, isForOne: true, cancellationToken), settings.MaxConnections, time, callsPerConnection: 1);
    }

    public override IReadOnlyList<UpstreamPool> Pools => [Pool, _large];

    protected override UpstreamPool PoolFor(in UpstreamRequest request) =>
        request.Remainder is not null || request.Message.Length > BrpcConnection.MaxShared || _methods.Of(request.Path).AnswersLargely(Time) ? _large : Pool;

    protected override Task<UpstreamConnection> ConnectAsync(CancellationToken cancellationToken) => ConnectAsync(Pool, isForOne: false, cancellationToken);

    protected override async ValueTask<Answer> OpenAsync(UpstreamCall call, Func<HttpResponseMessage, ValueTask<bool>>? onHeaders, CancellationToken cancellationToken)
    {
        var brpc = (BrpcCall)call;
        try
        {
            await brpc.WaitAsync(cancellationToken);
            if (onHeaders is not null)
            {
                await onHeaders(CallTransforms.ResponseOf(HttpStatusCode.OK, HttpVersion.Version11, brpc.Headers));
            }

            return brpc.Failure is { } failure ? throw failure : new Answer(new BrpcAnswer(brpc), brpc.Length);
        }
        catch
        {
            await call.DisposeAsync();
            throw;
        }
    }

    private async Task<UpstreamConnection> ConnectAsync(UpstreamPool pool, bool isForOne, CancellationToken cancellationToken)
    {
        var stream = await _dialer.ConnectAsync(Address, Settings, [], cancellationToken);
        var connection = new BrpcConnection(stream, _methods, Time, isForOne);
        connection.Start(pool.Changed);
        return connection;
    }
}
