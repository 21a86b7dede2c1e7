using System.Diagnostics.CodeAnalysis;
using Polly;
using Polly.CircuitBreaker;

namespace Gateway.Proxy.Resilience.Breaker;

/// <summary>
/// Leaves a cluster alone for a moment when nearly all its calls fail: the clients hear at once what they would hear later, and the
/// sub-service gets the air to recover. Then a single call finds out whether it has.
/// </summary>
internal sealed partial class ClusterBreaker
{
    private readonly string _cluster;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CircuitBreakerStateProvider _state = new();
    private readonly ResiliencePipeline<AttemptResult> _pipeline;
    private DateTimeOffset _openUntil;

    public ClusterBreaker(string cluster, ResilienceSettings settings, TimeProvider time, ILogger logger)
    {
        _cluster = cluster;
        _time = time;
        _logger = logger;
        _pipeline = settings.BreakerFailurePercent == 0 ? ResiliencePipeline<AttemptResult>.Empty : Build(settings);
    }

    /// <summary>No call is let through right now.</summary>
    public bool IsOpen => _state.CircuitState == CircuitState.Open && _time.GetUtcNow() < _openUntil;

    /// <summary>Every call is let through.</summary>
    public bool IsClosed => _state.CircuitState == CircuitState.Closed;

    /// <summary>
    /// Takes note of the result of a call that was made while the breaker <see cref="IsClosed"/>. When it has opened since, such a result
    /// tells nothing new.
    /// </summary>
    public ValueTask TellAsync(AttemptResult result) => IsClosed ? RecordAsync(result) : default;

    /// <summary>Makes a call and takes note of its result, or refuses it with a <see cref="BrokenCircuitException"/> in the outcome.</summary>
    public async ValueTask<Outcome<AttemptResult>> AskAsync<TState>(Func<TState, ValueTask<AttemptResult>> call, TState state)
    {
        var context = ResilienceContextPool.Shared.Get();
        var outcome = await _pipeline.ExecuteOutcomeAsync(static (_, asked) => MakeAsync(asked.Call, asked.State), context, (Call: call, State: state));
        ResilienceContextPool.Shared.Return(context);
        return outcome;
    }

    /// <summary>Polly is told by a call that has nothing left to do: it waits for nobody, so it costs no state of its own.</summary>
    private async ValueTask RecordAsync(AttemptResult result)
    {
        var context = ResilienceContextPool.Shared.Get();
        await _pipeline.ExecuteOutcomeAsync(static (_, result) => Outcome.FromResultAsValueTask(result), context, result);
        ResilienceContextPool.Shared.Return(context);
    }

    /// <summary>Never throws: the breaker hands the exception on.</summary>
    private static async ValueTask<Outcome<AttemptResult>> MakeAsync<TState>(Func<TState, ValueTask<AttemptResult>> call, TState state)
    {
        try
        {
            return Outcome.FromResult(await call(state));
        }
        catch (Exception exception)
        {
            return Outcome.FromException<AttemptResult>(exception);
        }
    }

    private static bool IsFailure(AttemptResult result) => result is not (AttemptResult.Answered or AttemptResult.Unjudged);

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Polly asks to keep all members of a result, of an enum also Enum.GetValues(Type), which nothing calls.")]
    private ResiliencePipeline<AttemptResult> Build(ResilienceSettings settings) =>
        new ResiliencePipelineBuilder<AttemptResult> { TimeProvider = _time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<AttemptResult>
            {
                FailureRatio = settings.BreakerFailurePercent / 100.0,
                MinimumThroughput = ResilienceSettings.MinSample,
                SamplingDuration = TimeSpan.FromSeconds(RollingWindow.Seconds),
                BreakDuration = settings.BreakerPause,
                ShouldHandle = static call => ValueTask.FromResult(call.Outcome.Exception is null && IsFailure(call.Outcome.Result)),
                StateProvider = _state,
                OnOpened = opened =>
                {
                    _openUntil = _time.GetUtcNow() + opened.BreakDuration;
                    Log.Opened(_logger, _cluster, opened.BreakDuration.TotalSeconds, opened.Outcome.Result);
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
        public static partial void Opened(ILogger logger, string cluster, double seconds, AttemptResult result);

        [LoggerMessage(1453, LogLevel.Information, "Cluster '{Cluster}' gets calls again: one of them was answered.", EventName = "BreakerClosed")]
        public static partial void Closed(ILogger logger, string cluster);
    }
}
