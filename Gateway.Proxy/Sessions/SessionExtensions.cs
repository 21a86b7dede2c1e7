using System.Globalization;
using Gateway.Proxy.Redis;
using Gateway.Proxy.Tokens;
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
        services.TryAddSingleton<KeyRenewal>();
        services.TryAddSingleton<CallRenewals>();
        services.AddHostedService(provider => provider.GetRequiredService<CallRenewals>());
        services.TryAddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<SessionOptions>>().Value;
            ISessionStore store = options switch
            {
                { Store: SessionStoreKind.Memory } => provider.GetRequiredService<InMemorySessionStore>(),
                { CacheTtl.Ticks: > 0 } => provider.GetRequiredService<SessionCache>(),
                _ => provider.GetRequiredService<RedisSessionStore>(),
            };
            return options.Renew.SessionTtl == TimeSpan.Zero ? store : new RenewingSessions(store, provider.GetRequiredService<CallRenewals>());
        });
        services.AddTokens(configuration);
        services.AddHostedService<SessionStoreStart>();
        return services;
    }

    /// <summary>Where <c>Gateway:Jwt</c> names keys, puts tokens before the session store, whosever that is.</summary>
    private static void AddTokens(this IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection(JwtOptions.SectionName);
        services.AddOptionsWithValidateOnStart<JwtOptions, JwtOptionsValidator>().Bind(section);
        services.TryAddSingleton<TokenMetrics>();
        if (string.IsNullOrEmpty(section[nameof(JwtOptions.SecretFile)]) && string.IsNullOrEmpty(section[nameof(JwtOptions.JwksFile)]) && string.IsNullOrEmpty(section[nameof(JwtOptions.JwksUrl)]))
        {
            return;
        }

        // Read here, so that a mistake in that section is told once, by its own check.
        services.Configure<SessionIdOptions>(ids => ids.AcceptTokens(
            int.TryParse(section[nameof(JwtOptions.MaxLength)], NumberStyles.None, CultureInfo.InvariantCulture, out var max) ? max : new JwtOptions().MaxLength));
        services.TryAddSingleton<TokenKeys>();
        services.AddHostedService(provider => provider.GetRequiredService<TokenKeys>());
        services.TryAddSingleton(provider => ActivatorUtilities.CreateInstance<DeniedTokens>(
            provider, Jwt(provider).DenyKeyPattern, provider.GetRequiredService<IOptions<SessionOptions>>().Value.LookupTimeout));
        services.TryAddSingleton<TokenCheck>();
        var sessions = services.Last(service => service.ServiceType == typeof(ISessionStore));
        services.Replace(ServiceDescriptor.Singleton<ISessionStore>(provider => new TokenStore(
            Jwt(provider).AcceptSessions ? Make(sessions, provider) : null, provider.GetRequiredService<TokenCheck>())));
    }

    private static JwtOptions Jwt(IServiceProvider provider) => provider.GetRequiredService<IOptions<JwtOptions>>().Value;

    private static ISessionStore Make(ServiceDescriptor store, IServiceProvider provider) => (ISessionStore)(
        store.ImplementationInstance ?? store.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, store.ImplementationType!));
}
