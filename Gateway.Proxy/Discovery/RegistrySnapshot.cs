using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;

namespace Gateway.Proxy.Discovery;

/// <summary>All known instances at one moment. Never changes; <see cref="ChangeToken"/> fires once a newer one is there.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Readers may still hold the token; a source without timer or wait handle holds nothing to release.")]
internal sealed class RegistrySnapshot
{
    private readonly FrozenDictionary<string, ServiceInstance[]> _services;
    private readonly CancellationTokenSource _superseded = new();

    public RegistrySnapshot(IEnumerable<ServiceInstance> instances)
    {
        // Sorted, so that two snapshots of the same instances are equal and destinations keep their order.
        _services = instances
            .GroupBy(instance => instance.Service, StringComparer.Ordinal)
            .ToFrozenDictionary(
                service => service.Key,
                service => service.OrderBy(instance => instance.Key, StringComparer.Ordinal).ThenBy(instance => instance.Address, StringComparer.Ordinal).ToArray(),
                StringComparer.Ordinal);
        ChangeToken = new CancellationChangeToken(_superseded.Token);
    }

    public static RegistrySnapshot Empty() => new([]);

    public IChangeToken ChangeToken { get; }

    public IEnumerable<string> Services => _services.Keys;

    public int InstanceCount => _services.Values.Sum(instances => instances.Length);

    public IReadOnlyList<ServiceInstance> Instances(string service) => _services.GetValueOrDefault(service) ?? [];

    public bool HasSameInstances(RegistrySnapshot other) =>
        _services.Count == other._services.Count
        && _services.All(service => other.Instances(service.Key).SequenceEqual(service.Value));

    /// <summary>Fires <see cref="ChangeToken"/>. Call it after the newer snapshot can be seen.</summary>
    public void Supersede() => _superseded.Cancel();
}
