using Gateway.Proxy.Redis;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Sessions;

internal static class SessionExtensions
{
    /// <summary>
    /// Adds the session store that <see cref="SessionOptions.Store"/> names. A store registered before stays, so that a host
    /// which embeds the gateway can bring its own.
    /// </summary>
    public static IServiceCollection AddSessions(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRedis(configuration);
        services.AddOptionsWithValidateOnStart<SessionOptions, SessionOptionsValidator>().Bind(configuration.GetSection(SessionOptions.SectionName));
        services.TryAddSingleton<InMemorySessionStore>();
        services.AddMetrics();
        services.TryAddSingleton<SessionMetrics>();
        services.TryAddSingleton<SessionKeys>();
        services.TryAddSingleton<RedisSessionStore>();
        services.TryAddSingleton(provider => ActivatorUtilities.CreateInstance<SessionCache>(provider, provider.GetRequiredService<RedisSessionStore>()));
        services.TryAddSingleton<ISessionStore>(provider => provider.GetRequiredService<IOptions<SessionOptions>>().Value switch
        {
            { Store: SessionStoreKind.Memory } => provider.GetRequiredService<InMemorySessionStore>(),
            { CacheTtl.Ticks: > 0 } => provider.GetRequiredService<SessionCache>(),
            _ => provider.GetRequiredService<RedisSessionStore>(),
        });
        services.AddHostedService<SessionStoreStart>();
        return services;
    }
}
