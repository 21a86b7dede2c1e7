using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Gateway.Proxy.Discovery.Dns;

/// <summary>
/// A destination address of the form <c>dns://name:port</c>, all addresses of a name, or <c>dns+srv://name</c>, all instances that its SRV records name.
/// </summary>
/// <param name="Name">What is looked up, as it stands: without search domains.</param>
/// <param name="Port">Where instances listen; null where SRV records say it.</param>
internal sealed record DnsAddress(string Name, int? Port)
{
    private const string Scheme = "dns:";
    private const string SrvScheme = "dns+srv:";

    /// <summary>True for an address that means DNS, well formed or not.</summary>
    public static bool IsDns(string? address) =>
        address is not null && (address.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || address.StartsWith(SrvScheme, StringComparison.OrdinalIgnoreCase));

    /// <param name="address">The address of a destination.</param>
    /// <param name="parsed">What it means.</param>
    /// <param name="problem">What is wrong and how to write it, to follow "the address '...'".</param>
    public static bool TryParse(string address, [NotNullWhen(true)] out DnsAddress? parsed, [NotNullWhen(false)] out string? problem)
    {
        parsed = null;
        problem = "is not of the form 'dns://<name>:<port>' or 'dns+srv://<name>'; an IP address stands as 'http://<address>:<port>'";
        if (!IsDns(address))
        {
            return false;
        }

        var isSrv = address.StartsWith(SrvScheme, StringComparison.OrdinalIgnoreCase);
        var rest = address[(isSrv ? SrvScheme : Scheme).Length..];
        if (!rest.StartsWith("//", StringComparison.Ordinal))
        {
            return false;
        }

        rest = rest[2..];
        var colon = rest.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? rest : rest[..colon];
        var port = 0;
        if (isSrv == colon >= 0 || !IsName(name) || (!isSrv && !IsPort(rest[(colon + 1)..], out port)))
        {
            return false;
        }

        parsed = new DnsAddress(name.ToLowerInvariant(), isSrv ? null : port);
        problem = null;
        return true;
    }

    /// <summary>As it is written, and as services are named in reports.</summary>
    public override string ToString() => Port is null ? $"dns+srv://{Name}" : $"dns://{Name}:{Port}";

    /// <summary>Labels with dots between, of letters, digits, hyphens and underscores. An address has nothing to be looked up.</summary>
    private static bool IsName(string name)
    {
        var labels = (name is [.., '.'] ? name[..^1] : name).Split('.');
        return name.Length <= 254
            && labels.All(label => label is [not '-', ..] and not [.., '-'] && label.Length <= 63 && label.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_'))
            && !IPAddress.TryParse(name, out _);
    }

    private static bool IsPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= IPEndPoint.MaxPort;
}
