using Gateway.Transforms.Verdicts;
using Polly;
using Polly.CircuitBreaker;

namespace Gateway.Proxy.Resilience.Breaker;

/// <summary>
/// Leaves a cluster alone for a moment when nearly all its calls fail: clients get at once the failure that they would get later, and the
/// sub-service gets time to recover. Then a single call, the probe, finds out whether it has.
/// </summary>
internal sealed partial class ClusterBreaker
{
    /// <summary>The pause after a probe that was not judged.</summary>
    private static readonly TimeSpan NextProbe = TimeSpan.FromMilliseconds(500);

    private static readonly Verdict UnderWay = new(VerdictKind.Unjudged, RpcOutcome.TimedOut, Reach.PerhapsSent, "under way for longer than the breaker's pause");

    private readonly string _cluster;
    private readonly TimeSpan _pause;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CircuitBreakerStateProvider _state = new();
    private readonly ResiliencePipeline<Verdict> _pipeline;
    private DateTimeOffset _openUntil;
    private volatile bool _isProbeUnjudged;

    public ClusterBreaker(string cluster, ResilienceSettings settings, TimeProvider time, ILogger logger)
    {
        _cluster = cluster;
        _pause = settings.BreakerPause;
        _time = time;
        _logger = logger;
        _pipeline = settings.BreakerFailurePercent == 0 ? ResiliencePipeline<Verdict>.Empty : Build(settings);
    }

    /// <summary>No call is let through right now.</summary>
    public bool IsOpen => _state.CircuitState == CircuitState.Open && _time.GetUtcNow() < _openUntil;

    /// <summary>Every call is let through.</summary>
    public bool IsClosed => _state.CircuitState == CircuitState.Closed;

    /// <summary>
    /// Takes note of the verdict on a call that was made while the breaker <see cref="IsClosed"/>. When it has opened since, such a verdict
    /// tells nothing new; an unjudged one never does.
    /// </summary>
    public ValueTask TellAsync(Verdict verdict) => IsClosed && verdict.Kind != VerdictKind.Unjudged ? RecordAsync(verdict) : default;

    /// <summary>
    /// Makes a call and takes note of its verdict, or refuses it with a <see cref="BrokenCircuitException"/> in the outcome. Nobody else is let through until a
    /// probe is judged. So a probe that takes longer than the breaker's pause, such as an upload that comes slowly, counts as unjudged and runs to its end.
    /// </summary>
    public async ValueTask<Outcome<Verdict>> AskAsync<TState>(Func<TState, ValueTask<Verdict>> call, TState state)
    {
        var context = ResilienceContextPool.Shared.Get();
        Task<Outcome<Verdict>>? made = null;
        var outcome = await _pipeline.ExecuteOutcomeAsync(
            async (_, asked) =>
            {
                made = MakeAsync(asked.Call, asked.State).AsTask();
                await ((Task)made).WaitAsync(_pause, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return made.IsCompleted ? await made : Outcome.FromResult(UnderWay);
            },
            context,
            (Call: call, State: state));
        ResilienceContextPool.Shared.Return(context);
        return made is null ? outcome : await made;
    }

    /// <summary>Polly is told by a call that has nothing left to do: it waits for nobody, so it costs no state of its own.</summary>
    private async ValueTask RecordAsync(Verdict verdict)
    {
        var context = ResilienceContextPool.Shared.Get();
        await _pipeline.ExecuteOutcomeAsync(static (_, verdict) => Outcome.FromResultAsValueTask(verdict), context, verdict);
        ResilienceContextPool.Shared.Return(context);
    }

    /// <summary>Never throws: the breaker hands the exception on.</summary>
    private static async ValueTask<Outcome<Verdict>> MakeAsync<TState>(Func<TState, ValueTask<Verdict>> call, TState state)
    {
        try
        {
            return Outcome.FromResult(await call(state));
        }
        catch (Exception exception)
        {
            return Outcome.FromException<Verdict>(exception);
        }
    }

    /// <summary>
    /// A probe has to be answered to let all calls through again. When nobody knows what became of it (the client hung up, a step threw) another
    /// one is made soon: it says nothing about the cluster, and clients who hang up must not be able to keep a cluster out of use.
    /// </summary>
    private bool IsFailure(Outcome<Verdict> outcome)
    {
        var isFailure = outcome.Result is { IsFailure: true };
        _isProbeUnjudged = !isFailure && _state.CircuitState == CircuitState.HalfOpen && outcome.Result is not { Kind: VerdictKind.Answered };
        return isFailure || _isProbeUnjudged;
    }

    private ResiliencePipeline<Verdict> Build(ResilienceSettings settings) =>
        new ResiliencePipelineBuilder<Verdict> { TimeProvider = _time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<Verdict>
            {
                FailureRatio = settings.BreakerFailurePercent / 100.0,
                MinimumThroughput = ResilienceSettings.MinSample,
                SamplingDuration = TimeSpan.FromSeconds(RollingWindow.Seconds),
                BreakDurationGenerator = _ => new(_isProbeUnjudged ? NextProbe : settings.BreakerPause),
                ShouldHandle = call => ValueTask.FromResult(IsFailure(call.Outcome)),
                StateProvider = _state,
                OnOpened = opened =>
                {
                    _openUntil = _time.GetUtcNow() + opened.BreakDuration;
                    if (opened.Outcome.Result is { IsFailure: true } failure)
                    {
                        Log.Opened(_logger, _cluster, opened.BreakDuration.TotalSeconds, failure.Kind);
                    }

                    return default;
                },
                OnClosed = _ =>
                {
                    Log.Closed(_logger, _cluster);
                    return default;
                },
            })
            .Build();

    private static partial class Log
    {
        [LoggerMessage(1452, LogLevel.Warning,
            "Cluster '{Cluster}' gets no calls for {Seconds:0.#} s: nearly all of them fail, the last one as {Result}.", EventName = "BreakerOpened")]
        public static partial void Opened(ILogger logger, string cluster, double seconds, VerdictKind result);

        [LoggerMessage(1453, LogLevel.Information, "Cluster '{Cluster}' gets calls again: one of them was answered.", EventName = "BreakerClosed")]
        public static partial void Closed(ILogger logger, string cluster);
    }
}
