using Etcdserverpb;
using Mvccpb;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>
/// The registry as last heard from etcd. It outlives connections, so that it can tell a full read that makes sense after
/// the previous one from one that looks like lost data. Used by one thread at a time.
/// </summary>
internal sealed partial class RegistryMirror
{
    private readonly KeyTable _table;
    private readonly RegistryGuard _guard;
    private readonly EtcdOptions _options;
    private readonly ILogger _logger;
    private ulong? _clusterId;
    private long _readRevision;

    public RegistryMirror(EtcdOptions options, MonotonicClock clock, ILogger logger)
    {
        _options = options;
        _logger = logger;
        _guard = new RegistryGuard(options.EmptyRegistryGrace, clock);
        _table = new KeyTable(new InstanceParser(options.ServicePrefix), new UnusableEntries(logger));
    }

    public long Revision { get; private set; }

    public int HeldInstances => _guard.Count;

    public TimeSpan? NextHoldDeadline => _guard.NextDeadline;

    /// <summary>What the proxy should work with.</summary>
    public IEnumerable<ServiceInstance> Instances()
    {
        var registered = _table.Instances.ToList();
        // An instance that came back under another key must not count twice.
        var taken = registered.Select(instance => (instance.Service, instance.Address)).ToHashSet();
        return registered.Concat(_guard.Instances.Where(held => !taken.Contains((held.Service, held.Address))));
    }

    /// <summary>Takes over a full read.</summary>
    public void Load(RangeResponse all)
    {
        var before = _table.Instances.ToList();
        _table.Replace(all.Kvs);
        var suspicion = FindSuspicion(all.Header, before);

        foreach (var held in _guard.Instances.Where(held => _table.Contains(held.Key)).ToList())
        {
            _guard.Release(held.Key);
        }

        if (suspicion is not null)
        {
            HoldVanished(before, suspicion);
        }

        ExpireHeld();
        _clusterId = all.Header.ClusterId;
        _readRevision = Revision = all.Header.Revision;
    }

    /// <summary>Takes over what the watch delivered. True when it held any change.</summary>
    public bool Apply(WatchResponse response)
    {
        foreach (var change in response.Events)
        {
            _guard.Release(change.Kv.Key.ToStringUtf8());
            if (change.Type == Event.Types.EventType.Delete)
            {
                _table.Delete(change.Kv.Key);
            }
            else
            {
                _table.Put(change.Kv);
            }
        }

        Revision = Math.Max(Revision, response.Header?.Revision ?? 0);
        return response.Events.Count > 0;
    }

    /// <summary>Why an answer cannot belong to the data that was read before it; null when it can.</summary>
    public string? FindBreak(ResponseHeader? header) => header switch
    {
        null => null,
        _ when _clusterId is { } known && header.ClusterId != known => "another etcd cluster answers",
        _ when header.Revision < _readRevision => "its revision went backwards",
        _ => null,
    };

    public HashSet<KeyDifference> Differences(RangeResponse all) => _table.Differences(all.Kvs);

    /// <summary>Lets go of held instances whose grace is over. Call it only when etcd has just been read.</summary>
    /// <returns>True when there were any.</returns>
    public bool ExpireHeld()
    {
        var dropped = _guard.Expire();
        if (dropped > 0)
        {
            Log.HoldEnded(_logger, dropped, _options.EmptyRegistryGrace.TotalSeconds);
        }

        return dropped > 0;
    }

    private string? FindSuspicion(ResponseHeader header, List<ServiceInstance> before) =>
        FindBreak(header) ?? (before.Count > 0 && !_table.Instances.Any() ? "it holds no instance any more" : null);

    private void HoldVanished(List<ServiceInstance> before, string suspicion)
    {
        var vanished = before.Where(instance => !_table.Contains(instance.Key)).ToList();
        vanished.ForEach(_guard.Hold);
        Log.Suspicious(_logger, suspicion, vanished.Count, _options.EmptyRegistryGrace.TotalSeconds);
    }

    private static partial class Log
    {
        [LoggerMessage(1111, LogLevel.Warning, "etcd may have lost its data: {Suspicion}. {Count} instances that vanished stay in use for {Grace} s unless they register again.", EventName = "RegistrySuspicious")]
        public static partial void Suspicious(ILogger logger, string suspicion, int count, double grace);

        [LoggerMessage(1112, LogLevel.Warning, "{Count} instances did not register again within {Grace} s and are no longer used.", EventName = "RegistryHoldEnded")]
        public static partial void HoldEnded(ILogger logger, int count, double grace);
    }
}
