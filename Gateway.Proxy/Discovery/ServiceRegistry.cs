namespace Gateway.Proxy.Discovery;

/// <summary>
/// The instances that one source knows. One writer at a time; any number of readers, which never wait.
/// Instances once known stay until the source says otherwise, however long it is away.
/// </summary>
internal sealed class ServiceRegistry
{
    private volatile RegistrySnapshot _current = RegistrySnapshot.Empty();
    private volatile RegistryStatus _status = RegistryStatus.Initial;

    public RegistrySnapshot Current => _current;

    public RegistryStatus Status => _status;

    /// <summary>Takes over <paramref name="instances"/>. False, and the snapshot stays the same, when they are the known ones.</summary>
    public bool Publish(IEnumerable<ServiceInstance> instances)
    {
        var previous = _current;
        var next = new RegistrySnapshot(instances);
        if (next.HasSameInstances(previous))
        {
            return false;
        }

        _current = next;
        previous.Supersede();
        return true;
    }

    public void Report(RegistryStatus status) => _status = status;
}

/// <summary>How well the registry is followed, for readiness and for the operator.</summary>
/// <param name="Connected">The source answers: a watch is open and acknowledged, or the last question was answered.</param>
/// <param name="Synced">Everything has been read at least once since the start.</param>
/// <param name="Revision">The newest etcd revision known; 0 where there are none.</param>
/// <param name="LastContact">When the source last said anything; null before the first time.</param>
/// <param name="HeldInstances">Instances that have vanished all at once, and stay in use for a while.</param>
internal sealed record RegistryStatus(bool Connected, bool Synced, long Revision, DateTimeOffset? LastContact, int HeldInstances)
{
    public static RegistryStatus Initial { get; } = new(Connected: false, Synced: false, Revision: 0, LastContact: null, HeldInstances: 0);
}
