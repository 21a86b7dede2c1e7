using Gateway.Transforms.Bodies;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Events;
using Gateway.Transforms.Identity;
using Gateway.Transforms.Reporting;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Rpc;
using Gateway.Transforms.Schema;
using Gateway.Transforms.Upstream;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms;

/// <summary>Adds the RPC pipeline to a reverse proxy.</summary>
public static class RpcServiceCollectionExtensions
{
    /// <summary>
    /// Registers the <c>Rpc</c> transform and what it needs. The host fills <see cref="RpcCatalogs"/>, and provides
    /// <see cref="RequestBudget"/>, <see cref="ISessionStore"/>, <see cref="ISubServices"/>, <see cref="IUpstreamCertificates"/> and <see cref="IEventPublisher"/>, and an
    /// <see cref="ICookieOrigins"/> if cookies are to count.
    /// </summary>
    public static IReverseProxyBuilder AddRpc(this IReverseProxyBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();

        services.AddOptionsWithValidateOnStart<RpcOptions, RpcOptionsValidator>().BindConfiguration(RpcOptions.SectionName);
        services.AddOptions<MessageOptions>().BindConfiguration(MessageOptions.SectionName);
        services.TryAddSingleton<MessageFieldsParser>();
        services.TryAddSingleton<RpcCatalogs>();
        services.AddOptionsWithValidateOnStart<SessionSourceOptions, SessionSourceOptionsValidator>().BindConfiguration(SessionSourceOptions.SectionName);
        services.TryAddSingleton(provider => SessionSources.Parse("", provider.GetRequiredService<IOptions<SessionSourceOptions>>().Value.Sources, []));
        services.TryAddSingleton<RpcRouteParser>();
        services.TryAddSingleton<RpcMetrics>();
        services.TryAddSingleton<CallMetadata>();
        services.TryAddSingleton<RpcReply>();
        services.TryAddSingleton<Dialer>();
        services.TryAddSingleton<Upstreams>();
        services.AddSingleton<IClusterChangeListener>(provider => provider.GetRequiredService<Upstreams>());
        services.TryAddSingleton(provider => new OwnCalls(provider.GetRequiredService<Upstreams>()));
        services.TakeOverFromYarp();
        builder.AddTransformFactory<RpcTransformFactory>();
        builder.AddConfigFilter<RpcConfigFilter>();

        services.AddOptionsWithValidateOnStart<SessionIdOptions, SessionIdOptionsValidator>().BindConfiguration(SessionIdOptions.SectionName);
        services.TryAddSingleton<SessionIdForm>();
        services.TryAddSingleton(provider => new SessionAuthenticator(
            provider.GetRequiredService<SessionIdForm>(), provider.GetRequiredService<SessionSources>(), provider.GetRequiredService<ISessionStore>()));

        services.AddOptionsWithValidateOnStart<ErrorOptions, ErrorOptionsValidator>().BindConfiguration(ErrorOptions.SectionName);
        services.TryAddSingleton<ErrorEnvelope>();
        services.TryAddSingleton<OutcomeLog>();

        services.AddOptions<AccessLogOptions>().BindConfiguration(AccessLogOptions.SectionName).ValidateOnStart();
        services.TryAddSingleton<AccessLog>();

        services.AddOptionsWithValidateOnStart<EventOptions, EventOptionsValidator>().BindConfiguration(EventOptions.SectionName);
        services.AddOptions<UserDetailsOptions>().BindConfiguration(UserDetailsOptions.SectionName);
        services.TryAddSingleton<RuleParser>();
        services.TryAddSingleton<EventDispatcher>();
        services.TryAddSingleton(provider => new TestEvent(provider.GetRequiredService<IOptions<EventOptions>>(), provider.GetRequiredService<RpcCatalogs>()));
        services.TryAddSingleton(provider => new GivenEvent(provider.GetRequiredService<IOptions<EventOptions>>(), provider.GetRequiredService<RpcCatalogs>()));
        services.TryAddSingleton(provider => new RouteChecks(
            provider.GetRequiredService<RpcRouteParser>(), provider.GetRequiredService<TestEvent>(), provider.GetRequiredService<RpcCatalogs>()));
        return builder;
    }

    /// <summary>
    /// The first of our steps: whatever fails behind it becomes a reply. Routes without an <c>Rpc</c> transform pass it, and the next
    /// one, untouched.
    /// </summary>
    public static void UseRpcErrors(this IReverseProxyApplicationBuilder proxy)
    {
        ArgumentNullException.ThrowIfNull(proxy);
        proxy.UseMiddleware<ErrorEnvelopeMiddleware>();
    }

    /// <summary>Reads the request and settles who sent it. Comes after <see cref="UseRpcErrors"/> and before all of YARP's own steps.</summary>
    public static void UseRpcIdentity(this IReverseProxyApplicationBuilder proxy)
    {
        ArgumentNullException.ThrowIfNull(proxy);
        proxy.UseMiddleware<IdentityMiddleware>();
    }

    /// <summary>Makes the calls of RPC routes. Comes before YARP's steps for load balancing and passive health, which these calls do not pass.</summary>
    public static void UseRpcCalls(this IReverseProxyApplicationBuilder proxy)
    {
        ArgumentNullException.ThrowIfNull(proxy);
        proxy.UseMiddleware<CallMiddleware>();
    }

    /// <summary>Gives each endpoint the parsed settings of its route.</summary>
    public static ReverseProxyConventionBuilder WithRpcRoutes(this ReverseProxyConventionBuilder endpoints, IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var parser = services.GetService<RpcRouteParser>()
            ?? throw new InvalidOperationException($"Call AddReverseProxy().{nameof(AddRpc)}() before mapping the RPC routes.");
        return endpoints.ConfigureEndpoints((endpoint, route) =>
        {
            // The configuration has been validated by now, so a route that does not parse has none.
            if (RpcRouteParser.FindTransform(route) is { } transform && parser.Parse(route, transform, []) is { } rpc)
            {
                endpoint.WithMetadata(rpc);
                // Its time is counted by CallDeadline.
                endpoint.Add(static builder =>
                {
                    foreach (var timeout in builder.Metadata.OfType<RequestTimeoutAttribute>().ToArray())
                    {
                        builder.Metadata.Remove(timeout);
                    }
                });
            }
        });
    }

    /// <summary>YARP's forwarder says what became of an ordinary request, and two of its balancing policies count RPCs too.</summary>
    private static void TakeOverFromYarp(this IServiceCollection services)
    {
        var forwarder = services.LastOrDefault(service => service.ServiceType == typeof(IHttpForwarder))?.ImplementationType
            ?? throw new InvalidOperationException($"Call {nameof(AddRpc)} on what AddReverseProxy() returns: there is no {nameof(IHttpForwarder)} of a type of its own.");
        services.Replace(ServiceDescriptor.Singleton<IHttpForwarder>(provider => new OrdinaryForwarder(
            (IHttpForwarder)ActivatorUtilities.CreateInstance(provider, forwarder), provider.GetRequiredService<TimeProvider>())));

        // Another one of the same name would end the start, so a YARP that renames its types shows at once.
        foreach (var policy in services.Where(service => service.ServiceType == typeof(ILoadBalancingPolicy) && service.ImplementationType?.Name is
            $"{nameof(PowerOfTwoChoices)}LoadBalancingPolicy" or $"{nameof(LeastRequests)}LoadBalancingPolicy").ToArray())
        {
            services.Remove(policy);
        }

        services.TryAddSingleton<DestinationLoad>();
        services.TryAddSingleton<Reachability>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILoadBalancingPolicy, PowerOfTwoChoices>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILoadBalancingPolicy, LeastRequests>());
    }
}
