using Microsoft.AspNetCore.Authorization;

namespace Gateway.Proxy.Hosting;

internal static class AuthorizationExtensions
{
    /// <summary>What the framework looks for before it puts its authorization step into every request's way.</summary>
    private const string AlreadySet = "__AuthorizationMiddlewareSet";

    /// <summary>Lets a route have an <c>AuthorizationPolicy</c>, at no cost for those that have none.</summary>
    public static void UseRouteAuthorization(this WebApplication app)
    {
        ((IApplicationBuilder)app).Properties[AlreadySet] = true;
        app.UseWhen(context => context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is not null, branch => branch.UseAuthorization());
    }
}
