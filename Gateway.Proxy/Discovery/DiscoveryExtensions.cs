using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Gateway.Proxy.Discovery;

internal static class DiscoveryExtensions
{
    /// <summary>
    /// Adds the etcd registry: <c>etcd://</c> addresses of clusters expand to live instances. Settings come from
    /// <see cref="EtcdOptions.SectionName"/>. May stand before or after AddReverseProxy.
    /// </summary>
    public static IServiceCollection AddEtcdDiscovery(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptionsWithValidateOnStart<EtcdOptions, EtcdOptionsValidator>().BindConfiguration(EtcdOptions.SectionName);
        services.TryAddSingleton<ServiceRegistry>();
        services.AddHostedService<EtcdWatcher>();
        // YARP adds its own resolver only when there is none.
        services.Replace(ServiceDescriptor.Singleton<IDestinationResolver, EtcdDestinationResolver>());
        return services;
    }

    /// <summary>Adds the gateway's own entry in etcd. What is added last stops first.</summary>
    public static void AddSelfRegistration(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<RegistrationOptions, RegistrationOptionsValidator>().BindConfiguration(RegistrationOptions.SectionName);
        services.AddHostedService<SelfRegistration>();
    }
}
