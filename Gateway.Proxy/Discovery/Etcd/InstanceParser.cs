using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>
/// Reads one registration, key and value, as instances write them. Registrations are other programs' output: everything
/// that is not clearly an address is refused with a reason, never repaired.
/// </summary>
internal sealed class InstanceParser(string servicePrefix)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public bool TryParse(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> value,
        [NotNullWhen(true)] out ServiceInstance? instance,
        [NotNullWhen(false)] out string? problem)
    {
        instance = null;
        if (!TryDecode(key, out var keyText))
        {
            problem = "its key is not UTF-8";
        }
        else if (!TryReadService(keyText, out var service))
        {
            problem = $"its key is not of the form '{servicePrefix}<service>/<instance>'";
        }
        else if (!TryDecode(value, out var text))
        {
            problem = "its value is not UTF-8";
        }
        else if (TryReadAddress(text, out var address, out var saysScheme, out problem))
        {
            instance = new ServiceInstance(service, keyText, address, saysScheme);
            return true;
        }

        return false;
    }

    private bool TryReadService(string key, [NotNullWhen(true)] out string? service)
    {
        service = null;
        if (!key.StartsWith(servicePrefix, StringComparison.Ordinal))
        {
            return false;
        }

        var rest = key.AsSpan(servicePrefix.Length);
        var slash = rest.LastIndexOf('/');
        if (slash <= 0 || slash == rest.Length - 1 || !IsServiceName(rest[..slash]))
        {
            return false;
        }

        service = rest[..slash].ToString();
        return true;
    }

    /// <summary>True for one or more segments with single slashes between them.</summary>
    public static bool IsServiceName(ReadOnlySpan<char> name) =>
        name.Length > 0 && name[0] != '/' && name[^1] != '/' && !name.Contains("//", StringComparison.Ordinal);

    private static bool TryReadAddress(
        string value,
        [NotNullWhen(true)] out string? address,
        out bool saysScheme,
        [NotNullWhen(false)] out string? problem)
    {
        address = null;
        var scheme = Uri.UriSchemeHttp;
        var authority = value.AsSpan();
        var schemeEnd = authority.IndexOf("://", StringComparison.Ordinal);
        saysScheme = schemeEnd >= 0;
        if (saysScheme)
        {
            scheme = authority[..schemeEnd].ToString().ToLowerInvariant();
            authority = authority[(schemeEnd + 3)..];
        }

        authority = authority is [.., '/'] ? authority[..^1] : authority;
        var colon = authority.LastIndexOf(':');
        problem = (scheme == Uri.UriSchemeHttp || scheme == Uri.UriSchemeHttps, authority.IsEmpty, colon) switch
        {
            (false, _, _) => "its scheme is neither http nor https",
            (_, true, _) => "it names no host",
            (_, _, < 0) => "it names no port",
            _ when !IsHost(authority[..colon]) => "its host is not a name, an IPv4 address or an IPv6 address in brackets",
            _ when !IsPort(authority[(colon + 1)..]) => "its port is not a number from 1 to 65535",
            _ => null,
        };
        if (problem is not null)
        {
            return false;
        }

        address = $"{scheme}://{authority.ToString().ToLowerInvariant()}";
        return true;
    }

    private static bool IsHost(ReadOnlySpan<char> host)
    {
        if (host is ['[', .. var inner, ']'])
        {
            // Brackets within brackets are an address to IPAddress, and a zone is to nobody else.
            return !inner.ContainsAny('%', '[') && IPAddress.TryParse(inner, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6;
        }

        // Names of container networks hold underscores, which CheckHostName allows. Other alphabets are more likely rubbish than names.
        return Ascii.IsValid(host) && Uri.CheckHostName(host.ToString()) is UriHostNameType.Dns or UriHostNameType.IPv4;
    }

    private static bool IsPort(ReadOnlySpan<char> port) =>
        port.Length is > 0 and <= 5
        && port[0] != '0'
        && port.IndexOfAnyExceptInRange('0', '9') < 0
        && int.Parse(port, provider: null) <= IPEndPoint.MaxPort;

    private static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = StrictUtf8.GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = null;
            return false;
        }
    }
}
