using Gateway.Proxy.Hosting;
using Gateway.Proxy.Operations;
using Gateway.Proxy.Push;
using Gateway.Proxy.Tls;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy;

/// <summary>Which setting makes the gateway listen on which port.</summary>
internal static class PortSettings
{
    /// <summary>The ports in use and their settings, in the order in which the gateway listens. One port may have several.</summary>
    public static ILookup<int, string> Of(IServiceProvider services)
    {
        var listen = services.GetRequiredService<IOptions<ListenOptions>>().Value;
        var tls = services.GetRequiredService<IOptions<TlsOptions>>().Value;
        var push = services.GetRequiredService<IOptions<PushOptions>>().Value;
        var management = services.GetRequiredService<IOptions<ManagementOptions>>().Value;
        List<(int? Port, string Setting)> ports =
        [
            (listen.HttpPort, $"{ListenOptions.SectionName}:{nameof(listen.HttpPort)}"),
            (listen.WebSocketPort, $"{ListenOptions.SectionName}:{nameof(listen.WebSocketPort)}"),
            (tls.IsUsed ? tls.HttpPort : null, $"{TlsOptions.SectionName}:{nameof(tls.HttpPort)}"),
            (tls.IsUsed ? tls.WebSocketPort : null, $"{TlsOptions.SectionName}:{nameof(tls.WebSocketPort)}"),
            (push.Port, $"{PushOptions.SectionName}:{nameof(push.Port)}"),
            (push.JsonPort, $"{PushOptions.SectionName}:{nameof(push.JsonPort)}"),
            (management.Enabled ? management.Port : null, $"{ManagementOptions.SectionName}:{nameof(management.Port)}"),
        ];
        return ports.Where(port => port.Port is not null).ToLookup(port => port.Port!.Value, port => port.Setting);
    }
}
