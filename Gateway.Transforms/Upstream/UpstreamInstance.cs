using System.Runtime.CompilerServices;
using Gateway.Transforms.Rpc;

namespace Gateway.Transforms.Upstream;

/// <summary>An instance of a sub-service, and how it is called.</summary>
internal abstract class UpstreamInstance
{
    /// <summary>A call that cannot have reached the instance goes out so often again on another connection, also where there is no other instance.</summary>
    private const int MaxReplays = 2;

    protected UpstreamInstance(Uri address, UpstreamSettings settings, TimeProvider time)
    {
        Address = address;
        Settings = settings;
        Time = time;
        Pool = new UpstreamPool(ConnectAsync, settings.MaxConnections, time);
    }

    /// <summary>All connections.</summary>
    public virtual IReadOnlyList<UpstreamPool> Pools => [Pool];

    /// <summary>The connections of calls that need none of their own.</summary>
    public UpstreamPool Pool { get; }

    protected Uri Address { get; }

    protected UpstreamSettings Settings { get; }

    protected TimeProvider Time { get; }

    /// <summary>Makes a call.</summary>
    /// <returns>Its answer, of which nothing more is known than that there is one. Whoever has it disposes of its message.</returns>
    /// <exception cref="AnswerException">The call failed, as far as can be told by now.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Answer> CallAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        for (var replays = 0; ; replays++)
        {
            UpstreamCall? call = null;
            try
            {
                call = (await PoolFor(request).TakeAsync(cancellationToken)).Send(request, cancellationToken);
                return await OpenAsync(call, request, cancellationToken);
            }
            catch (Exception exception)
            {
                if (call is not null)
                {
                    await call.DisposeAsync();
                }

                if (exception is not AnswerException { IsReplayable: true } || replays == MaxReplays || request.Rest is { IsStarted: true })
                {
                    throw;
                }
            }
        }
    }

    /// <summary>The connections of which one carries the call.</summary>
    protected virtual UpstreamPool PoolFor(in UpstreamRequest request) => Pool;

    protected abstract Task<UpstreamConnection> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Waits for the beginning of the answer.</summary>
    protected abstract ValueTask<Answer> OpenAsync(UpstreamCall call, UpstreamRequest request, CancellationToken cancellationToken);
}
