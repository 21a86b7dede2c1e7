using System.Net;
using Gateway.Proxy.Hosting;
using Gateway.Proxy.Hub;
using Gateway.Proxy.Push.Source;
using Gateway.Proxy.Settings;
using Gateway.Proxy.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Push;

internal static class PushExtensions
{
    /// <summary>What a request may have beside users and event.</summary>
    private const int RequestMargin = 64 << 10;

    /// <summary>The longest user id with what stands around it.</summary>
    private const int BytesOfUser = 1 << 10;

    /// <summary>Adds the ports of sub-services, if there are to be any, and what reads their events from Redis.</summary>
    public static void AddPush(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptionsWithValidateOnStart<PushOptions, PushOptionsValidator>().BindConfiguration(PushOptions.SectionName);
        services.TryAddSingleton<PushMetrics>();
        services.AddEventSource(builder.Configuration);
        if (!IsUsed(builder.Configuration))
        {
            return;
        }

        services.AddOptions<KestrelServerOptions>().Configure<IOptions<PushOptions>>((kestrel, options) =>
        {
            var push = options.Value;
            if (push.Port is { } port)
            {
                // Without TLS nobody says in advance what he speaks.
                kestrel.Listen(push, port, push.HasTls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http2);
            }

            if (push.JsonPort is { } json)
            {
                kestrel.Listen(push, json, push.HasTls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1);
            }
        });
        if (HubExtensions.SpansNodes(builder.Configuration))
        {
            services.TryAddSingleton<IPublishedKeys, RedisKeys>();
        }
        else
        {
            services.TryAddSingleton<IPublishedKeys, MemoryKeys>();
        }

        services.TryAddSingleton<PushCommands>();
        services.AddGrpc().AddServiceOptions<PushGrpc>(grpc => grpc.MaxReceiveMessageSize = null);
    }

    /// <summary>Adds what reads events from Redis, if anything is to.</summary>
    private static void AddEventSource(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithValidateOnStart<EventSourceOptions, EventSourceOptionsValidator>().BindConfiguration(EventSourceOptions.SectionName);
        // Only sockets of the node itself are told what a channel says.
        if (IsSet(configuration, nameof(EventSourceOptions.Channels)) && RoleExtensions.RolesOf(configuration).IsNotify)
        {
            services.AddHostedService<ChannelEvents>();
        }

        if (IsSet(configuration, nameof(EventSourceOptions.Stream)))
        {
            services.AddHostedService<StreamEvents>();
        }
    }

    /// <summary>Splits the requests of these ports from all others. Their endpoints are routed apart, so no route of yarp.json can hide one or be reached there.</summary>
    public static void UsePush(this WebApplication app)
    {
        if (!IsUsed(app.Configuration))
        {
            return;
        }

        var options = app.Services.GetRequiredService<IOptions<PushOptions>>().Value;
        GatewayPort.Push.Serve(app, branch =>
        {
            branch.UseRouting();
            if (options.ReadToken() is { Length: > 0 } token)
            {
                branch.UseToken(new BearerToken(token), app.Services.GetRequiredService<ILogger<PushCommands>>());
            }

            // An event in base64 is a third longer.
            branch.UseLimit((2L * options.MaxEventSize) + ((long)options.MaxUsers * BytesOfUser) + RequestMargin);
            branch.UseEndpoints(endpoints =>
            {
                endpoints.MapGrpcService<PushGrpc>();
                endpoints.MapPushJson(app.Services.GetRequiredService<PushCommands>());
            });
        });
    }

    private static void Listen(this KestrelServerOptions kestrel, PushOptions push, int number, HttpProtocols protocols) => kestrel.Listen(IPAddress.Parse(push.Address), number, port =>
    {
        port.Protocols = protocols;
        if (push.HasTls)
        {
            port.UseTls(new CertificateFiles(push.CertificateFile, push.KeyFile), push.CertificateAuthorityFile);
        }

        GatewayPort.Push.Mark(port);
    });

    private static bool IsSet(IConfiguration configuration, string source) => !string.IsNullOrEmpty(configuration[$"{EventSourceOptions.SectionName}:{source}"]);

    private static bool IsUsed(IConfiguration configuration) => !string.IsNullOrEmpty(configuration[$"{PushOptions.SectionName}:{nameof(PushOptions.Port)}"]);
}
