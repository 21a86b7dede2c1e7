using Google.Protobuf;
using Mvccpb;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>What etcd holds below the prefix, key by key, with each registration read once.</summary>
internal sealed class KeyTable(InstanceParser parser, UnusableEntries unusable)
{
    private Dictionary<ByteString, Entry> _entries = [];

    public IEnumerable<ServiceInstance> Instances =>
        _entries.Values.Where(entry => entry.Instance is not null).Select(entry => entry.Instance!);

    public bool Contains(string key) => _entries.ContainsKey(ByteString.CopyFromUtf8(key));

    public void Replace(IEnumerable<KeyValue> pairs) => _entries = pairs.ToDictionary(pair => pair.Key, ToEntry);

    public void Put(KeyValue pair) => _entries[pair.Key] = ToEntry(pair);

    public void Delete(ByteString key) => _entries.Remove(key);

    /// <summary>Where a full read and this table disagree, either of which may be the older one.</summary>
    public HashSet<KeyDifference> Differences(IReadOnlyCollection<KeyValue> pairs)
    {
        var differences = pairs
            .Select(pair => new KeyDifference(pair.Key, pair.ModRevision, _entries.GetValueOrDefault(pair.Key).Revision))
            .Where(pair => pair.RevisionInEtcd != pair.RevisionHere)
            .ToHashSet();
        var inEtcd = pairs.Select(pair => pair.Key).ToHashSet();
        differences.UnionWith(_entries
            .Where(entry => !inEtcd.Contains(entry.Key))
            .Select(entry => new KeyDifference(entry.Key, 0, entry.Value.Revision)));
        return differences;
    }

    private Entry ToEntry(KeyValue pair)
    {
        if (!parser.TryParse(pair.Key.Span, pair.Value.Span, out var instance, out var problem))
        {
            unusable.Tell(pair.Key, pair.Value, problem);
        }

        return new Entry(pair.ModRevision, instance);
    }

    private readonly record struct Entry(long Revision, ServiceInstance? Instance);
}

/// <summary>A key whose last change is another one in etcd than here; 0 is for a missing key.</summary>
internal readonly record struct KeyDifference(ByteString Key, long RevisionInEtcd, long RevisionHere);
