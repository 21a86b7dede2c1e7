namespace Gateway.Proxy.Discovery;

/// <summary>
/// The instances the gateway works with. One writer, the <see cref="EtcdWatcher"/>; any number of readers, which never wait.
/// Instances once known stay until etcd says otherwise, however long etcd is away.
/// </summary>
internal sealed class ServiceRegistry
{
    private readonly TaskCompletionSource _firstSync = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile RegistrySnapshot _current = RegistrySnapshot.Empty();
    private volatile RegistryStatus _status = RegistryStatus.Initial;

    public RegistrySnapshot Current => _current;

    public RegistryStatus Status => _status;

    /// <summary>Completes when everything has been read from etcd for the first time.</summary>
    public Task FirstSync => _firstSync.Task;

    /// <summary>Takes over <paramref name="instances"/>. False, and no reader is bothered, when they are the known ones.</summary>
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

    public void Report(RegistryStatus status)
    {
        _status = status;
        if (status.Synced)
        {
            _firstSync.TrySetResult();
        }
    }
}
