namespace Gateway.Proxy.Discovery;

/// <summary>
/// Keeps the instances of a service in use that are gone all at once: that is more often a source that has lost its data, or a database that all readiness
/// probes ask, than a service that has ended. They seldom go in the same moment, so those of the last ten seconds are kept, which is how often Kubernetes
/// probes a pod by default.
/// </summary>
internal sealed class EmptinessGuard(TimeSpan grace, MonotonicClock clock)
{
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(10);

    /// <summary>By address: those that are named, and when others were named last.</summary>
    private readonly Dictionary<string, (ServiceInstance Instance, TimeSpan NamedLast)> _recent = new(StringComparer.Ordinal);

    private IReadOnlyList<ServiceInstance> _named = [];

    /// <summary>The instances that are kept. None, unless the source names none.</summary>
    public IReadOnlyList<ServiceInstance> Kept { get; private set; } = [];

    /// <summary>When they have been kept long enough; null when there are none.</summary>
    public TimeSpan? Deadline { get; private set; }

    /// <summary>Takes note of what the source names now. Call it only when the source has just been read.</summary>
    /// <returns>True when it has named some before, and names none now.</returns>
    public bool Take(IReadOnlyList<ServiceInstance> named)
    {
        var now = clock.Now;
        foreach (var instance in _named.Concat(named))
        {
            _recent[instance.Address] = (instance, now);
        }

        foreach (var (address, (_, namedLast)) in _recent)
        {
            if (now - namedLast > Memory)
            {
                _recent.Remove(address);
            }
        }

        var isEmptied = named.Count == 0 && _named.Count > 0;
        _named = named;
        if (isEmptied && grace > TimeSpan.Zero)
        {
            (Kept, Deadline) = ([.. _recent.Values.Select(recent => recent.Instance)], now + grace);
        }
        else if (named.Count > 0 || Deadline <= now)
        {
            (Kept, Deadline) = ([], null);
        }

        return isEmptied;
    }
}
