using System.Net;
using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Limits;

/// <summary>
/// Which proxies before the gateway may say who the client is: section <c>Gateway:ForwardedHeaders</c>. Without any, the address of
/// the connection counts, whatever a request's headers say.
/// </summary>
public sealed class ProxyTrust
{
    public const string SectionName = "Gateway:ForwardedHeaders";

    /// <summary>Their addresses, as <c>10.0.0.2</c>.</summary>
    public IList<string> KnownProxies { get; init; } = [];

    /// <summary>Their networks, as <c>10.0.0.0/24</c>.</summary>
    public IList<string> KnownNetworks { get; init; } = [];
}

internal sealed class ProxyTrustValidator : IValidateOptions<ProxyTrust>
{
    public ValidateOptionsResult Validate(string? name, ProxyTrust options)
    {
        var errors = new SettingErrors(ProxyTrust.SectionName);
        errors.AddRange(options.KnownProxies.Where(text => !IPAddress.TryParse(text, out _)).Select(text =>
            $"{ProxyTrust.SectionName}:KnownProxies has '{text}'; use an IP address, as in '10.0.0.2'."));
        errors.AddRange(options.KnownNetworks.Where(text => !IPNetwork.TryParse(text, out _)).Select(text =>
            $"{ProxyTrust.SectionName}:KnownNetworks has '{text}'; use a network, as in '10.0.0.0/24'."));
        return errors.Result;
    }
}
