using System.Diagnostics.CodeAnalysis;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>A destination address of the form <c>etcd:///service/user_service</c>: all live instances of a service.</summary>
internal static class EtcdAddress
{
    private const string Scheme = "etcd:";

    /// <summary>True for an address that means etcd, well formed or not.</summary>
    public static bool IsEtcd(string? address) => address?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Finds the service an etcd address means.</summary>
    /// <param name="address">The address of a destination.</param>
    /// <param name="servicePrefix">See <see cref="EtcdOptions.ServicePrefix"/>.</param>
    /// <param name="service">The service name, as <c>user_service</c>.</param>
    /// <param name="problem">What is wrong and how to write it, to follow "the address '...'".</param>
    public static bool TryParse(
        string address,
        string servicePrefix,
        [NotNullWhen(true)] out string? service,
        [NotNullWhen(false)] out string? problem)
    {
        service = null;
        problem = $"is not of the form 'etcd://{servicePrefix}<service>'";
        var path = address.AsSpan(Math.Min(Scheme.Length, address.Length));
        if (!IsEtcd(address) || !path.StartsWith($"//{servicePrefix}", StringComparison.Ordinal))
        {
            return false;
        }

        var name = path[(2 + servicePrefix.Length)..];
        if (!InstanceParser.IsServiceName(name))
        {
            return false;
        }

        service = name.ToString();
        problem = null;
        return true;
    }
}
