namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>
/// Keeps instances in use that vanished all at once, as when a source comes back without its data: they are most likely alive
/// and about to register again. Each is kept for the grace period and no longer.
/// </summary>
internal sealed class RegistryGuard(TimeSpan grace, MonotonicClock clock)
{
    private readonly Dictionary<string, (ServiceInstance Instance, TimeSpan Until)> _held = new(StringComparer.Ordinal);

    public int Count => _held.Count;

    public IEnumerable<ServiceInstance> Instances => _held.Values.Select(held => held.Instance);

    /// <summary>When the first of them has been kept long enough; null when none is kept.</summary>
    public TimeSpan? NextDeadline => _held.Count == 0 ? null : _held.Values.Min(held => held.Until);

    /// <summary>Keeps one more. One that is kept already does not get more time.</summary>
    public void Hold(ServiceInstance instance)
    {
        if (grace > TimeSpan.Zero)
        {
            _held.TryAdd(instance.Key, (instance, clock.Now + grace));
        }
    }

    /// <summary>The source has spoken about this key itself.</summary>
    public void Release(string key) => _held.Remove(key);

    /// <summary>Lets go of those whose grace is over. Call it only when the source has just been read.</summary>
    /// <returns>How many.</returns>
    public int Expire()
    {
        var over = _held.Where(held => held.Value.Until <= clock.Now).Select(held => held.Key).ToList();
        over.ForEach(key => _held.Remove(key));
        return over.Count;
    }
}
