using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Proxy.Redis;

internal static class RedisExtensions
{
    /// <summary>Adds the shared <see cref="RedisConnection"/>, which connects when somebody first needs it.</summary>
    public static IServiceCollection AddRedis(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptionsWithValidateOnStart<RedisOptions, RedisOptionsValidator>().Bind(configuration.GetSection(RedisOptions.SectionName));
        services.TryAddSingleton<RedisConnection>();
        return services;
    }
}
