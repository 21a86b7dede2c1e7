using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Proxy.Discovery.Kubernetes;

/// <summary>The slices of one Service, as last heard, and the instances they come to.</summary>
internal sealed class SliceTable(KubernetesAddress address)
{
    private Dictionary<string, EndpointSlice> _slices = new(StringComparer.Ordinal);

    /// <summary>Takes over a full read.</summary>
    public void Replace(IEnumerable<EndpointSlice?> slices) =>
        _slices = slices.OfType<EndpointSlice>().Where(slice => NameOf(slice).Length > 0).GroupBy(NameOf).ToDictionary(slice => slice.Key, slice => slice.Last(), StringComparer.Ordinal);

    /// <summary>Takes over what the watch delivered. False for what is older than what is known: a server that has fallen behind repeats itself.</summary>
    public bool Apply(EndpointSlice slice, bool isDeleted)
    {
        var name = NameOf(slice);
        if (name.Length == 0 || (_slices.TryGetValue(name, out var known) && VersionOf(slice) < VersionOf(known)))
        {
            return false;
        }

        if (isDeleted)
        {
            _slices.Remove(name);
        }
        else
        {
            _slices[name] = slice;
        }

        return true;
    }

    /// <summary>Those that should get calls: what is ready; if nothing is, what still serves while it ends.</summary>
    /// <param name="problem">Why there are none although there are endpoints; null when it is not the port.</param>
    public IReadOnlyList<ServiceInstance> Instances(out string? problem)
    {
        var all = _slices.Values.SelectMany(Read).ToList();
        problem = all.Count == 0 && _slices.Values.Any(slice => slice.Endpoints is { Count: > 0 }) ? $"none of them has a TCP port '{address.Port}'{OtherPorts()}" : null;
        var used = all.Where(found => found.IsReady).ToList();
        if (used.Count == 0)
        {
            used = [.. all.Where(found => found.ServesTillItsEnd)];
        }

        // What is no pod is told apart by address and port: two may share a machine. A pod counts once, though it stands in two slices while endpoints move between them, or has an address of each family.
        var hasIPv4 = used.Any(found => found.IsIPv4);
        return
        [
            .. used
                .Where(found => found.Uid is not null || found.IsIPv4 || !hasIPv4)
                .GroupBy(found => found.Uid ?? new IPEndPoint(found.Address, found.Port).ToString(), StringComparer.Ordinal)
                .Select(pod => pod.OrderByDescending(found => found.IsIPv4).ThenBy(found => found.Address.ToString(), StringComparer.Ordinal).First())
                .Select(found => new ServiceInstance(address.ToString(), found.Key, $"http://{new IPEndPoint(found.Address, found.Port)}", Zone: found.Zone)),
        ];
    }

    private static string NameOf(EndpointSlice slice) => slice.Metadata?.Name ?? "";

    /// <summary>Versions are numbers that only grow; one that is none is as new as can be.</summary>
    private static ulong VersionOf(EndpointSlice slice) =>
        ulong.TryParse(slice.Metadata?.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : ulong.MaxValue;

    /// <summary>What could have been meant: a Service's own port is another number than the one that its pods listen on.</summary>
    private string OtherPorts()
    {
        var ports = _slices.Values.SelectMany(slice => slice.Ports ?? []).OfType<EndpointPort>().Where(port => port is { Protocol: null or "TCP", Port: not null })
            .Select(port => string.IsNullOrEmpty(port.Name) ? $"{port.Port}" : $"'{port.Name}' ({port.Port})").Distinct().Order(StringComparer.Ordinal).Take(5).ToArray();
        return ports.Length > 0 ? $"; there is {string.Join(", ", ports)}" : "";
    }

    private IEnumerable<Found> Read(EndpointSlice slice)
    {
        if (slice.AddressType is not ("IPv4" or "IPv6") || FindPort(slice.Ports) is not { } port)
        {
            yield break;
        }

        foreach (var endpoint in (slice.Endpoints ?? []).OfType<Endpoint>())
        {
            // Further addresses are the same endpoint.
            if (endpoint.Addresses is [var first, ..] && IPAddress.TryParse(first, out var ip))
            {
                var isReady = endpoint.Conditions?.Ready ?? true;
                yield return new Found(
                    ip,
                    port,
                    $"k8s://{address.Namespace}/{endpoint.TargetRef?.Name ?? ip.ToString()}",
                    endpoint.TargetRef?.Uid,
                    string.IsNullOrEmpty(endpoint.Zone) ? null : endpoint.Zone,
                    isReady,
                    !isReady && endpoint.Conditions is { Serving: true, Terminating: true });
            }
        }
    }

    /// <summary>The number of the wanted port; null when these have none. A slice without ports, or with one without a number, is open on all.</summary>
    private int? FindPort(IReadOnlyList<EndpointPort?>? ports)
    {
        var tcp = (ports ?? []).OfType<EndpointPort>().Where(port => port.Protocol is null or "TCP").ToArray();
        return address.PortNumber is { } number
            ? ports is not { Count: > 0 } || tcp.Any(port => port.Port is null || port.Port == number) ? number : null
            : tcp.FirstOrDefault(port => port.Name == address.Port)?.Port;
    }

    private sealed record Found(IPAddress Address, int Port, string Key, string? Uid, string? Zone, bool IsReady, bool ServesTillItsEnd)
    {
        public bool IsIPv4 => Address.AddressFamily == AddressFamily.InterNetwork;
    }
}
