using Gateway.Proxy.Operations.Health;
using Gateway.Proxy.Operations.Statistics;
using Gateway.Proxy.Routing;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>Looking at the gateway and changing what it does, below <c>/admin</c> of the management port. <see cref="ManagementGuard"/> stands before all of it.</summary>
internal static class AdminEndpoints
{
    private const int MaxFileSize = 4 << 20;

    public static void MapAdmin(this IEndpointRouteBuilder endpoints)
    {
        var admin = endpoints.MapGroup("/admin");
        admin.MapGet("/status", (GatewayStatus status) => Results.Json(status.Report(), ManagementJson.Readable.StatusReport));
        admin.MapGet("/settings", (SettingsReport settings) => Results.Json(settings.List(), ManagementJson.Readable.IReadOnlyListSettingReport));
        admin.MapGet("/traffic", (TrafficHistory history) => Results.Json(history.Now(), ManagementJson.Readable.TrafficNow));
        admin.MapGet("/traffic/history", (TrafficHistory history) => Results.Json(history.Points, ManagementJson.Readable.IReadOnlyListTrafficPoint));
        admin.MapGet("/sockets", (string? user, SocketCommands sockets, CancellationToken cancellationToken) => sockets.FindAsync(user, cancellationToken));
        admin.MapPost("/disconnect", DisconnectAsync);
        admin.MapPost("/publish", (string? user, SocketCommands sockets, CancellationToken cancellationToken) => sockets.PublishAsync(user, cancellationToken));
        admin.MapPost("/validate", ValidateAsync);

        var proxy = admin.MapGroup("").AddEndpointFilter(Refusal.UnlessProxy);
        proxy.MapGet("/routes", (AdminReport report) => Results.Json(report.Routes(), ManagementJson.Readable.IReadOnlyListRouteReport));
        proxy.MapGet("/clusters", (AdminReport report) => Results.Json(report.Clusters(), ManagementJson.Readable.IReadOnlyListClusterDetails));
        // A destination's id has slashes and colons, so it does not fit into a path.
        proxy.MapPost("/drain", (string? cluster, string? destination, DrainCommands drains) => drains.Drain(cluster, destination));
        proxy.MapPost("/undrain", (string? cluster, string? destination, DrainCommands drains) => drains.Undrain(cluster, destination));
        // The reload goes on if the client hangs up: half a reload would be none.
        proxy.MapPost("/reload", async (RouteReloader reloader, IHostApplicationLifetime lifetime) =>
            Results.Json(ReloadReport.Of(await reloader.ReloadAsync(lifetime.ApplicationStopping)), ManagementJson.Readable.ReloadReport));
    }

    private static async Task<IResult> DisconnectAsync(HttpRequest request, string? user, SocketCommands sockets, CancellationToken cancellationToken)
    {
        if (request.Query.ContainsKey("session"))
        {
            return Refusal.BadRequest("Post the session as { \"session\": \"…\" }: an address ends up in logs, and whoever reads the id there is logged in.");
        }

        return await DisconnectRequest.ReadAsync(request, cancellationToken) is { } body
            ? await sockets.DisconnectAsync(body with { User = user ?? body.User }, cancellationToken)
            : Refusal.BadRequest("Post { \"user\": \"…\", \"session\": \"…\" } with one of them or both, in at most 4096 bytes with their Content-Length.");
    }

    private static async Task<IResult> ValidateAsync(HttpRequest request, RouteReloader reloader, RouteFile location, CancellationToken cancellationToken)
    {
        if (request.ContentLength is not (> 0 and <= MaxFileSize))
        {
            return Refusal.BadRequest($"Post a yarp.json of 1 to {MaxFileSize} bytes, with its Content-Length.");
        }

        var candidate = new byte[(int)request.ContentLength.Value];
        await request.Body.ReadExactlyAsync(candidate, cancellationToken);
        var errors = await reloader.JudgeAsync(candidate, cancellationToken);
        return Results.Json(
            new ValidationReport(errors.Count == 0, [.. errors.Select(error => error
                .Replace($"'{location.Path}'", "posted", StringComparison.Ordinal)
                .Replace($"({location.Path})", "(posted)", StringComparison.Ordinal))]),
            ManagementJson.Readable.ValidationReport);
    }
}

/// <summary>What is wrong with a route file.</summary>
/// <param name="Valid">The gateway would take it.</param>
/// <param name="Errors">Every mistake, a sentence each; empty if it is valid.</param>
internal sealed record ValidationReport(bool Valid, IReadOnlyList<string> Errors);
