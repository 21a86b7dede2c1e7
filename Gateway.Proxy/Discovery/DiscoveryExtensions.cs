using System.Diagnostics.CodeAnalysis;
using Gateway.Proxy.Discovery.Dns;
using Gateway.Proxy.Discovery.Etcd;
using Gateway.Proxy.Discovery.Kubernetes;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Gateway.Proxy.Discovery;

internal static class DiscoveryExtensions
{
    /// <summary>
    /// Adds the sources of instances: <c>etcd://</c>, <c>k8s://</c>, <c>dns://</c> and <c>dns+srv://</c> addresses of clusters expand to live instances.
    /// May stand before or after AddReverseProxy.
    /// </summary>
    public static IServiceCollection AddDiscovery(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptionsWithValidateOnStart<EtcdOptions, EtcdOptionsValidator>().BindConfiguration(EtcdOptions.SectionName);
        services.AddOptionsWithValidateOnStart<KubernetesOptions, KubernetesOptionsValidator>().BindConfiguration(KubernetesOptions.SectionName);
        services.AddOptionsWithValidateOnStart<DnsOptions, DnsOptionsValidator>().BindConfiguration(DnsOptions.SectionName);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<KubernetesOptions>, KubernetesDefaults>());
        services.TryAddSingleton<ServiceRegistry>();
        services.TryAddSingleton<InstanceSources>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IInstanceSource, EtcdSource>());
        services.AddHostedService<EtcdWatcher>();
        services.AddFollowed<KubernetesSource>();
        services.AddFollowed<DnsSource>();
        // YARP adds its own resolver only when there is none.
        services.Replace(ServiceDescriptor.Singleton<IDestinationResolver, DestinationResolver>());
        return services;
    }

    /// <summary>Adds the gateway's own entry in etcd. What is added last stops first.</summary>
    public static void AddSelfRegistration(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<RegistrationOptions, RegistrationOptionsValidator>().BindConfiguration(RegistrationOptions.SectionName);
        services.AddHostedService<SelfRegistration>();
    }

    private static void AddFollowed<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TSource>(this IServiceCollection services)
        where TSource : FollowedServices
    {
        services.TryAddSingleton<TSource>();
        services.AddSingleton<IInstanceSource>(provider => provider.GetRequiredService<TSource>());
        services.AddHostedService(provider => provider.GetRequiredService<TSource>());
    }
}
