using System.Net;
using ChatDemo.Accounts;
using ChatDemo.Services;
using ChatDemo.Storage;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using PushClient = Gateway.Protocol.PushV1.Push.PushClient;

namespace ChatDemo.Hosting;

/// <summary>The six gRPC services on one loopback port, as the gateway expects them: HTTP/2 without TLS.</summary>
internal static class SubServices
{
    public static WebApplication Build(DataFolder folder, Database database, VerifyCodes codes, ISessionWriter sessions, PushPort push)
    {
        // An empty builder: no appsettings.json or environment variable meant for the gateway reaches this host.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, port: 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc(grpc =>
        {
            // Uploads are limited at the gateway, in one place.
            grpc.MaxReceiveMessageSize = null;
            grpc.MaxSendMessageSize = null;
            grpc.Interceptors.Add<EnvelopeInterceptor>();
        });
        builder.Services
            .AddSingleton(TimeProvider.System)
            .AddSingleton(folder)
            .AddSingleton(codes)
            .AddSingleton(sessions)
            .AddSingleton(database)
            .AddSingleton<FileStore>()
            .AddSingleton(push.Open())
            .AddSingleton(provider => push.ClientOn(provider.GetRequiredService<GrpcChannel>()))
            .AddSingleton<TypingRpc>()
            .AddSingleton<PasswordHasher<UserRpc>>();

        var app = builder.Build();
        app.MapGrpcService<UserRpc>();
        app.MapGrpcService<FriendRpc>();
        app.MapGrpcService<GroupRpc>();
        app.MapGrpcService<TypingRpc>();
        app.MapGrpcService<MsgTransmitRpc>();
        app.MapGrpcService<MsgStorageRpc>();
        app.MapGrpcService<FileRpc>();
        app.MapGrpcService<SpeechRpc>();
        return app;
    }
}

/// <summary>Where the gateway lets sub-services push.</summary>
/// <param name="Number">The port for gRPC, of this machine.</param>
/// <param name="Json">The one for JSON.</param>
/// <param name="Token">What they show there.</param>
internal sealed record PushPort(int Number, int Json, string Token)
{
    public GrpcChannel Open() => GrpcChannel.ForAddress($"http://127.0.0.1:{Number}");

    public PushClient ClientOn(GrpcChannel channel) => new(channel.Intercept(headers =>
    {
        headers.Add("authorization", $"Bearer {Token}");
        return headers;
    }));
}
