using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Proxy.Sessions.Tracking;

internal static class TrackingExtensions
{
    /// <summary>Adds <see cref="TrackedSessionStore"/>. Nothing of it does anything unless that is the session store.</summary>
    public static IServiceCollection AddSessionTracking(this IServiceCollection services)
    {
        services.TryAddSingleton<RememberedSessions>();
        services.TryAddSingleton<TrackingMetrics>();
        services.TryAddSingleton(provider => ActivatorUtilities.CreateInstance<TrackedSessionStore>(provider, provider.GetRequiredService<RedisSessionStore>()));
        services.AddHostedService<SessionTracker>();
        return services;
    }
}
