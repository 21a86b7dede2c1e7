using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Hosting;

internal static class ListenExtensions
{
    /// <summary>Makes Kestrel listen where <see cref="ListenOptions"/> says.</summary>
    public static void AddListeners(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ListenOptions>().BindConfiguration(ListenOptions.SectionName).ValidateOnStart();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ListenOptions>, ListenOptionsValidator>());
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<ListenOptions>>((kestrel, options) =>
        {
            kestrel.AddServerHeader = false;
            var listen = options.Value;
            var address = IPAddress.Parse(listen.Address);
            if (listen.WebSocketPort == 0 || listen.WebSocketPort != listen.HttpPort)
            {
                kestrel.Listen(address, listen.HttpPort);
            }

            kestrel.Listen(address, listen.WebSocketPort, port => port.Use(next => connection =>
            {
                connection.Features.Set(WebSocketPort.Instance);
                return next(connection);
            }));
        });
    }
}
