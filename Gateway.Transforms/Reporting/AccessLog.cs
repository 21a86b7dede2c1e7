using System.Diagnostics;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Reporting;

/// <summary>One line for each call. It names the user and never the session: whoever reads logs must not be able to log in with them.</summary>
internal sealed partial class AccessLog(ILoggerFactory loggers, IOptions<AccessLogOptions> options, TimeProvider time)
{
    public const string Category = "Gateway.AccessLog";

    /// <summary>A longer user id is cut: a client can name a key of the store that holds anything. The request id, which is the client's own, is bounded already.</summary>
    private const int MaxUserIdLength = 128;

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    public void Write(HttpContext context, RpcFeature rpc, RpcOutcome outcome)
    {
        if (options.Value.Enabled)
        {
            Log.Ended(
                _logger,
                rpc.Route.RouteId,
                OutcomeTexts.Of(outcome).Code,
                context.Response.StatusCode,
                time.GetElapsedTime(rpc.StartedAt).TotalMilliseconds,
                rpc.SubServiceTime?.TotalMilliseconds,
                rpc.RequestId,
                Cut(rpc.UserId),
                CallTarget.Of(context).Destination,
                context.Connection.RemoteIpAddress?.ToString(),
                rpc.TraceId ?? Activity.Current?.TraceId.ToString());
        }
    }

    private static string? Cut(string? id) => id?.Length > MaxUserIdLength ? $"{id.AsSpan(0, MaxUserIdLength)}…" : id;

    private static partial class Log
    {
        [LoggerMessage(1520, LogLevel.Information,
            "{Route} {Outcome} {Status} in {DurationMs:0.0} ms, sub-service {SubServiceMs:0.0} ms, request {RequestId}, user {UserId}, at {Destination}, from {Address}, trace {TraceId}",
            EventName = "CallEnded")]
        public static partial void Ended(
            ILogger logger, string route, string outcome, int status, double durationMs, double? subServiceMs,
            string? requestId, string? userId, string? destination, string? address, string? traceId);
    }
}

/// <summary>Whether each call is logged: section <c>Gateway:AccessLog</c>.</summary>
public sealed class AccessLogOptions
{
    public const string SectionName = "Gateway:AccessLog";

    /// <summary>One line for each call that has ended, well or not. Default false.</summary>
    public bool Enabled { get; set; }
}
