using Microsoft.AspNetCore.Authorization;

namespace Gateway.Proxy.Hosting;

internal static class AuthorizationExtensions
{
    /// <summary>Lets a route have an <c>AuthorizationPolicy</c>, at no cost for those that have none.</summary>
    public static void UseRouteAuthorization(this IApplicationBuilder app) => app.UseWhen(
        context => context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is not null,
        branch =>
        {
            branch.UseAuthorization();
            // UseAuthorization notes here that the step is there. Without the note the framework would put another one into every request's way.
            foreach (var (key, value) in branch.Properties.ToArray())
            {
                app.Properties[key] = value;
            }
        });
}
