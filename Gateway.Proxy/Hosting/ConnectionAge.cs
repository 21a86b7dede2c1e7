using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Hosting;

/// <summary>
/// Has clients connect anew now and then. A connection stays with the gateway that accepted it, so without an end gateways that are added later
/// would get few requests. It ends with an answer, and never between two: a client that is about to send must not find it closed.
/// </summary>
internal sealed class ConnectionAge(IOptions<ServerLimits> limits, TimeProvider time)
{
    /// <summary>A part of the age, up and down, so that connections which began together do not end together.</summary>
    private const double Spread = 0.1;

    private readonly TimeSpan _maxAge = limits.Value.MaxConnectionAge;

    /// <summary>A connection begins.</summary>
    public void Begin(ConnectionContext connection)
    {
        if (_maxAge > TimeSpan.Zero)
        {
            connection.Features.Set(new Life(time.GetTimestamp(), _maxAge * (1 - Spread + (2 * Spread * Random.Shared.NextDouble()))));
        }
    }

    /// <summary>A step of the pipeline: the answer to a request of a connection that is old enough is the last one on it.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<Life>() is { } life && time.GetElapsedTime(life.Began) >= life.Length && !context.WebSockets.IsWebSocketRequest)
        {
            // "Connection: close" over HTTP/1.1, GOAWAY over HTTP/2.
            context.Features.Get<IConnectionLifetimeNotificationFeature>()!.RequestClose();
        }

        return next(context);
    }

    private sealed record Life(long Began, TimeSpan Length);
}
