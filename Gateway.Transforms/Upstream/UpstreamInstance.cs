using System.Buffers;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Upstream;

/// <summary>An instance of a sub-service, and how it is called.</summary>
internal abstract class UpstreamInstance
{
    /// <summary>How often a call that cannot have reached the instance is sent again on another connection, also where there is no other instance.</summary>
    private const int MaxReplays = 5;

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
    /// <returns>The answer, as soon as its beginning has come: reading its message can still fail. Whoever has the answer disposes of its message.</returns>
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
    /// <see cref="CallAsync(UpstreamRequest, CancellationToken)"/> for callers that have such a loop of their own: an async method around it would be
    /// kept in memory for each call under way.
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

/// <summary>What a call asks.</summary>
/// <param name="Path">The path of the method: <c>/package.Service/Method</c>.</param>
/// <param name="Message">The message, or its beginning.</param>
/// <param name="Remainder">The remainder; null when the message is whole.</param>
/// <param name="Timeout">How long the instance has for it; null for no limit.</param>
/// <param name="Authority">The host it is for; null for that of the destination.</param>
/// <param name="Headers">Further headers: names in lower case, and values.</param>
/// <param name="OnHeaders">Is shown all headers of the answer before they are judged; null where nobody asks for that.</param>
internal readonly record struct UpstreamRequest(
    string Path,
    ReadOnlySequence<byte> Message,
    BodyRemainder? Remainder,
    TimeSpan? Timeout,
    string? Authority,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    Func<HttpResponseMessage, ValueTask<bool>>? OnHeaders = null)
{
    /// <summary>The length of the whole message, in bytes; null when nobody knows.</summary>
    public long? Length => Remainder is null ? Message.Length : Message.Length + Remainder.Length;
}
