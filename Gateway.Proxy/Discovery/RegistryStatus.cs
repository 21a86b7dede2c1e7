namespace Gateway.Proxy.Discovery;

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
