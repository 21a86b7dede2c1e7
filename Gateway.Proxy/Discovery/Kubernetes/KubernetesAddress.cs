using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Gateway.Proxy.Discovery.Kubernetes;

/// <summary>A destination address of the form <c>k8s://service.namespace:port</c>: all ready endpoints of a Service.</summary>
/// <param name="Service">The name of the Service.</param>
/// <param name="Namespace">Where it is.</param>
/// <param name="Port">The name of one of its ports, or the number that its pods listen on.</param>
internal sealed record KubernetesAddress(string Service, string Namespace, string Port)
{
    private const string Scheme = "k8s:";
    private const int MaxLabel = 63;

    /// <summary>The port as a number; null when it is a name.</summary>
    public int? PortNumber => int.TryParse(Port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>True for an address that means Kubernetes, well formed or not.</summary>
    public static bool IsKubernetes(string? address) => address?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) == true;

    /// <param name="address">The address of a destination.</param>
    /// <param name="ownNamespace">The namespace of a service that is named without one.</param>
    /// <param name="parsed">What it means.</param>
    /// <param name="problem">What is wrong and how to write it, to follow "the address '...'".</param>
    public static bool TryParse(
        string address, string ownNamespace, [NotNullWhen(true)] out KubernetesAddress? parsed, [NotNullWhen(false)] out string? problem)
    {
        parsed = null;
        problem = "is not of the form 'k8s://<service>:<port>' or 'k8s://<service>.<namespace>:<port>' with the name or number of a port; names are of small letters, digits and '-'";
        if (!IsKubernetes(address) || !address.AsSpan(Scheme.Length).StartsWith("//", StringComparison.Ordinal))
        {
            return false;
        }

        var rest = address[(Scheme.Length + 2)..];
        var colon = rest.IndexOf(':', StringComparison.Ordinal);
        var names = colon < 0 ? [] : rest[..colon].Split('.');
        var port = colon < 0 ? "" : rest[(colon + 1)..];
        if (names.Length is < 1 or > 2 || !names.All(IsLabel) || !IsLabel(port))
        {
            return false;
        }

        var found = new KubernetesAddress(names[0], names.Length > 1 ? names[1] : ownNamespace, port);
        if (port.All(char.IsAsciiDigit) && found.PortNumber is not (> 0 and <= IPEndPoint.MaxPort))
        {
            return false;
        }

        parsed = found;
        problem = null;
        return true;
    }

    /// <summary>A DNS label, as Kubernetes has names.</summary>
    public static bool IsLabel(string text) =>
        text.Length is > 0 and <= MaxLabel && text[0] != '-' && text[^1] != '-' && text.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-');

    /// <summary>As services are named in reports.</summary>
    public override string ToString() => $"{Service}.{Namespace}:{Port}";
}
