using Gateway.Notify.Delivery.Redis;
using Gateway.Proxy.Hosting;

namespace Gateway.Proxy.Push.Source;

/// <summary>Counts and tells what becomes of events from Redis, of one source.</summary>
/// <param name="kind"><c>channel</c> or <c>stream</c>.</param>
/// <param name="name">Where they come from, for the log.</param>
/// <param name="metrics">Where they are counted.</param>
/// <param name="time">The time.</param>
/// <param name="logger">The log of the source.</param>
internal sealed partial class SourceReport(string kind, string name, PushMetrics metrics, TimeProvider time, ILogger logger)
{
    private readonly RedisFaultLog _told = new(time);
    private bool _isReady;

    public void Ready()
    {
        if (!_isReady)
        {
            _isReady = true;
            Log.Ready(logger, kind, name);
        }
    }

    public void Down(Exception exception)
    {
        _isReady = false;
        var fault = RedisFault.Of(exception);
        if (_told.IsNews(fault))
        {
            Log.Down(logger, kind, name, fault.Reason);
        }
    }

    public void Came(string result) => metrics.Came(kind, result);

    /// <param name="reason">What is wrong with it, as a sentence's end.</param>
    /// <param name="at">Which one it is.</param>
    public void Unusable(string reason, string at)
    {
        Came("refused");
        // As often as an outage: whoever writes one such event writes many.
        if (_told.IsNews(new RedisFault(RedisFaultKind.Outage, reason)))
        {
            Log.Unusable(logger, kind, Printable.Text(at), reason);
        }
    }

    public void TakenOver(int count) => Log.TakenOver(logger, count, name);

    private static partial class Log
    {
        [LoggerMessage(1340, LogLevel.Warning, "Events of the {Kind} '{Source}' cannot be read from Redis ({Failure}); attempts go on.", EventName = "EventSourceDown")]
        public static partial void Down(ILogger logger, string kind, string source, string failure);

        [LoggerMessage(1341, LogLevel.Information, "Events of the {Kind} '{Source}' are read.", EventName = "EventSourceReady")]
        public static partial void Ready(ILogger logger, string kind, string source);

        [LoggerMessage(1342, LogLevel.Warning, "An event of the {Kind}, '{At}', cannot be used: it {Reason}.", EventName = "EventSourceUnusable")]
        public static partial void Unusable(ILogger logger, string kind, string at, string reason);

        [LoggerMessage(1343, LogLevel.Information, "{Count} events of the stream '{Source}' that had been read and not settled are told by this gateway.", EventName = "EventSourceTakenOver")]
        public static partial void TakenOver(ILogger logger, int count, string source);
    }
}
