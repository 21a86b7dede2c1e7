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

    /// <summary>Makes a call and takes note of its result, or refuses it with a <see cref="BrokenCircuitException"/> in the outcome.</summary>
    public ValueTask<Outcome<AttemptResult>> ExecuteAsync<TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<AttemptResult>>> call, ResilienceContext context, TState state) =>
        _pipeline.ExecuteOutcomeAsync(call, context, state);

    private static bool IsFailure(AttemptResult result) => result is not (AttemptResult.Answered or AttemptResult.Unjudged);

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
