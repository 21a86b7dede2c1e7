using Gateway.Notify;
using Gateway.Transforms.Errors;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Gateway.Proxy.Hosting;

internal static class CorsExtensions
{
    /// <summary>Lets pages of the configured origins call every route and read what the gateway says of a failure.</summary>
    public static void AddGatewayCors(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<CorsSettings, CorsSettingsValidator>().BindConfiguration(CorsSettings.SectionName);
        services.AddCors();
        services.AddOptions<CorsOptions>().Configure<IOptions<CorsSettings>>((cors, settings) =>
            cors.AddDefaultPolicy(policy => Allow(policy, settings.Value)));
    }

    /// <summary>Only for requests it concerns: it costs each of them a scope of services.</summary>
    public static void UseGatewayCors(this WebApplication app) => app.UseWhen(
        context => context.Request.Headers.Origin.Count > 0 || context.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>() is not null,
        branch => branch.UseCors());

    private static void Allow(CorsPolicyBuilder policy, CorsSettings settings)
    {
        var origins = new AllowedOrigins(settings.AllowedOrigins);
        _ = origins.IsAny ? policy.AllowAnyOrigin() : policy.SetIsOriginAllowed(origins.Contains);
        policy
            .WithMethods(HttpMethods.Post, HttpMethods.Get)
            .AllowAnyHeader()
            .WithExposedHeaders(ErrorHeader.Name, HeaderNames.RetryAfter)
            .SetPreflightMaxAge(settings.PreflightMaxAge);
    }
}
