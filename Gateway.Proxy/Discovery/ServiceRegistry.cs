namespace Gateway.Proxy.Discovery;

/// <summary>
/// The instances the gateway works with. One writer, the <see cref="EtcdWatcher"/>; any number of readers, which never wait.
/// Instances once known stay until etcd says otherwise, however long etcd is away.
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
/// <param name="Connected">A watch is open and etcd has acknowledged it.</param>
/// <param name="Synced">Everything has been read at least once since the start.</param>
/// <param name="Revision">The newest etcd revision known.</param>
/// <param name="LastContact">When etcd last said anything; null before the first time.</param>
/// <param name="HeldInstances">Vanished instances that stay in use because etcd seems to have lost its data.</param>
internal sealed record RegistryStatus(bool Connected, bool Synced, long Revision, DateTimeOffset? LastContact, int HeldInstances)
{
    public static RegistryStatus Initial { get; } = new(Connected: false, Synced: false, Revision: 0, LastContact: null, HeldInstances: 0);
}
