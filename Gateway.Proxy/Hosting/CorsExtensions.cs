using Gateway.Notify;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Identity;
using Gateway.Transforms.Routes;
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
        services.AddOptions<CorsOptions>().Configure<IOptions<CorsSettings>, IOptions<RpcOptions>>((cors, settings, rpc) =>
            cors.AddDefaultPolicy(policy => Allow(policy, settings.Value, rpc.Value.TraceIdHeader)));
        services.AddSingleton<ICookieOrigins, CookieOrigins>();
    }

    /// <summary>Only for requests it concerns: it costs each of them a scope of services.</summary>
    public static void UseGatewayCors(this WebApplication app) => app.UseWhen(
        context => context.Request.Headers.Origin.Count > 0 || context.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>() is not null,
        branch => branch.UseCors());

    private static void Allow(CorsPolicyBuilder policy, CorsSettings settings, string traceIdHeader)
    {
        var origins = new AllowedOrigins(settings.AllowedOrigins);
        _ = origins.IsAny ? policy.AllowAnyOrigin() : policy.SetIsOriginAllowed(origins.Contains);
        policy
            .WithMethods(HttpMethods.Post, HttpMethods.Get)
            .AllowAnyHeader()
            .WithExposedHeaders([ErrorHeader.Name, HeaderNames.RetryAfter, .. traceIdHeader.Length > 0 ? [traceIdHeader] : Array.Empty<string>()])
            .SetPreflightMaxAge(settings.PreflightMaxAge);
        if (settings.AllowCredentials)
        {
            policy.AllowCredentials();
        }
    }

    /// <summary>A cookie counts from pages that may call.</summary>
    private sealed class CookieOrigins(IOptions<CorsSettings> settings) : ICookieOrigins
    {
        private readonly AllowedOrigins _origins = new(settings.Value.AllowedOrigins);

        public bool Admits(HttpRequest request) => _origins.AdmitsCookie(request);
    }
}
