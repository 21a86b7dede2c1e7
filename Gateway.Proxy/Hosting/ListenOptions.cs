using System.Net;
using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Hosting;

/// <summary>Where clients reach the gateway: section <c>Gateway:Listen</c>. TLS is in <c>Gateway:Tls</c>; further endpoints go under <c>Kestrel:Endpoints</c>.</summary>
public sealed class ListenOptions
{
    public const string SectionName = "Gateway:Listen";

    /// <summary>The address to listen on, as an IP address. Default <c>0.0.0.0</c>: all of IPv4; <c>::</c> is all of IPv4 and IPv6.</summary>
    public string Address { get; set; } = "0.0.0.0";

    /// <summary>The port for HTTP requests. Default 9000; 0 picks a free one.</summary>
    public int HttpPort { get; set; } = 9000;

    /// <summary>The port for WebSockets. Default 9001; 0 picks a free one; the same as <see cref="HttpPort"/> makes one port serve both.</summary>
    public int WebSocketPort { get; set; } = 9001;
}

internal sealed class ListenOptionsValidator : IValidateOptions<ListenOptions>
{
    public ValidateOptionsResult Validate(string? name, ListenOptions options)
    {
        var errors = new SettingErrors(ListenOptions.SectionName);
        if (!IPAddress.TryParse(options.Address, out _))
        {
            errors.Add($"{ListenOptions.SectionName}:Address is '{options.Address}'; use an IP address, '0.0.0.0' for all.");
        }

        errors.CheckPort(nameof(options.HttpPort), options.HttpPort);
        errors.CheckPort(nameof(options.WebSocketPort), options.WebSocketPort);
        return errors.Result;
    }
}
