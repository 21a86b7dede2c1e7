using Gateway.Transforms.Verdicts;

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

    /// <summary>Makes a call, and makes it again where that is safe.</summary>
    /// <returns>Its answer, of which nothing more is known than that there is one. Whoever has it disposes of its message.</returns>
    /// <exception cref="AnswerException">The call failed, as far as can be told by now.</exception>
    public async ValueTask<Answer> CallAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        for (var replays = 0; ; replays++)
        {
            try
            {
                return await CallOnceAsync(request, cancellationToken);
            }
            catch (AnswerException failure) when (MayReplay(failure, request, replays))
            {
                // It goes out again.
            }
        }
    }

    /// <summary>
    /// <see cref="CallAsync(UpstreamRequest, CancellationToken)"/> for those who make it again themselves: a method that only waits for that would be
    /// kept for each call under way.
    /// </summary>
    public ValueTask<Answer> CallOnceAsync(in UpstreamRequest request, CancellationToken cancellationToken)
    {
        var taking = PoolFor(request).TakeAsync(cancellationToken);
        return taking.IsCompletedSuccessfully
            ? OpenAsync(taking.Result.Send(request, cancellationToken), request.OnHeaders, cancellationToken)
            : WaitAndCallAsync(taking, request, cancellationToken);
    }

    /// <summary>Whether a call that failed may be made again here, on another connection.</summary>
    /// <param name="failure">Why it failed.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="replays">How often it was made again so far.</param>
    public static bool MayReplay(AnswerException failure, in UpstreamRequest request, int replays) =>
        failure.IsReplayable && replays < MaxReplays && request.Remainder is not { IsStarted: true };

    private async ValueTask<Answer> WaitAndCallAsync(ValueTask<UpstreamConnection> taking, UpstreamRequest request, CancellationToken cancellationToken) =>
        await OpenAsync((await taking).Send(request, cancellationToken), request.OnHeaders, cancellationToken);

    /// <summary>The connections of which one carries the call.</summary>
    protected virtual UpstreamPool PoolFor(in UpstreamRequest request) => Pool;

    protected abstract Task<UpstreamConnection> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Waits for the beginning of the answer. Disposes of the call when it fails.</summary>
    protected abstract ValueTask<Answer> OpenAsync(UpstreamCall call, Func<HttpResponseMessage, ValueTask<bool>>? onHeaders, CancellationToken cancellationToken);
}
