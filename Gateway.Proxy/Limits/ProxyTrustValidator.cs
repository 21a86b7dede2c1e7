using System.Net;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Limits;

internal sealed class ProxyTrustValidator : IValidateOptions<ProxyTrust>
{
    public ValidateOptionsResult Validate(string? name, ProxyTrust options)
    {
        string[] errors =
        [
            .. options.KnownProxies.Where(text => !IPAddress.TryParse(text, out _)).Select(text =>
                $"{ProxyTrust.SectionName}:KnownProxies has '{text}'; use an IP address, as in '10.0.0.2'."),
            .. options.KnownNetworks.Where(text => !IPNetwork.TryParse(text, out _)).Select(text =>
                $"{ProxyTrust.SectionName}:KnownNetworks has '{text}'; use a network, as in '10.0.0.0/24'."),
        ];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
