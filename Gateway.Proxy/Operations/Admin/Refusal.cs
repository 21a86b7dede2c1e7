using Gateway.Proxy.Hosting;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>What an operator reads when a request cannot be served: one sentence with the cure, as JSON.</summary>
internal static class Refusal
{
    public static IResult BadRequest(string error) => Of(StatusCodes.Status400BadRequest, error);

    public static IResult NotFound(string error) => Of(StatusCodes.Status404NotFound, error);

    public static IResult Of(int status, string error) => Results.Json(new ErrorReport(error), ManagementJson.Readable.ErrorReport, statusCode: status);

    /// <summary>For endpoints about routes: a gateway for sockets alone has none.</summary>
    public static ValueTask<object?> UnlessProxy(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var roles = context.HttpContext.RequestServices.GetRequiredService<IOptions<RoleOptions>>().Value;
        return roles.IsProxy
            ? next(context)
            : new(NotFound($"This gateway has no routes and clusters: {RoleExtensions.Setting} is '{roles.Roles}'. Ask one with the role '{RoleOptions.Proxy}'."));
    }
}

/// <param name="Error">Why a request was refused, with the cure.</param>
internal sealed record ErrorReport(string Error);
