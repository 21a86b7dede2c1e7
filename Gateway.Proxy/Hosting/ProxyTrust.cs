using System.Net;
using Gateway.Proxy.Settings;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using IPNetwork = System.Net.IPNetwork;

namespace Gateway.Proxy.Hosting;

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

internal static class ProxyTrustExtensions
{
    public static void AddProxyTrust(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<ProxyTrust, ProxyTrustValidator>().BindConfiguration(ProxyTrust.SectionName);
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<ProxyTrust>>((headers, trust) =>
        {
            headers.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            // Back to the first hop that is not known, however many there are.
            headers.ForwardLimit = null;
            headers.KnownProxies.Clear();
            headers.KnownIPNetworks.Clear();
            foreach (var proxy in trust.Value.KnownProxies)
            {
                headers.KnownProxies.Add(IPAddress.Parse(proxy));
            }

            foreach (var network in trust.Value.KnownNetworks)
            {
                headers.KnownIPNetworks.Add(IPNetwork.Parse(network));
            }
        });
    }

    /// <summary>Takes the client's address from known proxies. Stands before whatever looks at it.</summary>
    public static void UseProxyTrust(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<ProxyTrust>>().Value is { KnownProxies.Count: > 0 } or { KnownNetworks.Count: > 0 })
        {
            app.UseForwardedHeaders();
        }
    }
}
