using Gateway.Proxy.Routing;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>Looking at the gateway and steering it, below <c>/admin</c> of the management port.</summary>
internal static class AdminEndpoints
{
    private const int MaxFileSize = 4 << 20;

    public static void MapAdmin(this IEndpointRouteBuilder endpoints)
    {
        var look = endpoints.MapGroup("/admin").AddEndpointFilter((context, next) => GuardAsync(context, next, changesAnything: false));
        look.MapGet("/routes", (AdminReport report) => Results.Json(report.Routes()));
        look.MapGet("/clusters", (AdminReport report) => Results.Json(report.Clusters()));

        var change = endpoints.MapGroup("/admin").AddEndpointFilter((context, next) => GuardAsync(context, next, changesAnything: true));
        // A destination's id has slashes and colons, so it does not fit into a path.
        change.MapPost("/drain", (string cluster, string destination, Steering steering) => steering.Drain(cluster, destination));
        change.MapPost("/undrain", (string cluster, string destination, Steering steering) => steering.Undrain(cluster, destination));
        change.MapPost("/validate", ValidateAsync);
    }

    private static async ValueTask<object?> GuardAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next, bool changesAnything) =>
        context.HttpContext.RequestServices.GetRequiredService<ManagementToken>().Refuse(context.HttpContext, changesAnything) ?? await next(context);

    private static async Task<IResult> ValidateAsync(HttpRequest request, RouteFile location, CancellationToken cancellationToken)
    {
        if (request.ContentLength is not (> 0 and <= MaxFileSize))
        {
            return Results.Json(new { error = $"Post a yarp.json of 1 to {MaxFileSize} bytes, with its Content-Length." }, statusCode: StatusCodes.Status400BadRequest);
        }

        var folder = Directory.CreateTempSubdirectory("gateway-");
        var path = Path.Combine(folder.FullName, "yarp.json");
        try
        {
            await using (var file = File.Create(path))
            {
                await request.Body.CopyToAsync(file, cancellationToken);
            }

            // In the place of this gateway's own file, so beside its folder.
            var errors = ValidateCommand.FindErrors(path, Directory.Exists(location.Folder) ? location.Folder : null).Select(error => error.Replace($"'{path}'", "posted", StringComparison.Ordinal)).ToArray();
            return Results.Json(new { valid = errors.Length == 0, errors });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
