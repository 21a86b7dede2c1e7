namespace Gateway.Proxy.Operations.Health;

internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        // The process answers, which is all there is to say: a gateway is not mended by a restart when others are down.
        endpoints.MapGet("/livez", () => Results.Json(new LivenessReport("live"), ManagementJson.Readable.LivenessReport)).AllowAnonymous();
        endpoints.MapGet("/readyz", (Readiness readiness) =>
        {
            var report = readiness.Report();
            return Results.Json(report, ManagementJson.Readable.ReadinessReport, statusCode: report.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        }).AllowAnonymous();
    }
}

/// <summary>What <c>/livez</c> says.</summary>
/// <param name="Status">Always <c>live</c>.</param>
internal sealed record LivenessReport(string Status);
