using Gateway.Notify;
using Gateway.Notify.Delivery.Redis;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Proxy.Push;

/// <summary>Remembers for a while which events have been published, by the keys that their senders gave them.</summary>
internal interface IPublishedKeys
{
    /// <summary>Takes a key on, if nobody has.</summary>
    Task<KeyState> ClaimAsync(string key);

    /// <summary>Ends what <see cref="ClaimAsync"/> began: the event has been published, or the key is anybody's again.</summary>
    Task SettleAsync(string key, bool isPublished);
}

internal enum KeyState
{
    /// <summary>Nobody has published it, and the caller is to.</summary>
    New,

    /// <summary>Somebody is about to. Where that gateway dies before it has, the key is free again soon.</summary>
    UnderWay,

    Published,
}

/// <summary>For a gateway that is the only one. Bounded: when there are too many, the oldest go first.</summary>
internal sealed class MemoryKeys(IOptions<PushOptions> options, TimeProvider time) : IPublishedKeys
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, Entry Entry)> _byAge = new();

    public Task<KeyState> ClaimAsync(string key)
    {
        lock (_lock)
        {
            while (_byAge.TryPeek(out var oldest) && (_byAge.Count >= options.Value.MaxKeys || time.GetElapsedTime(oldest.Entry.Since) > options.Value.KeyLife))
            {
                _byAge.Dequeue();
                Forget(oldest.Key, oldest.Entry);
            }

            if (_entries.TryGetValue(key, out var known))
            {
                return Task.FromResult(known.IsPublished ? KeyState.Published : KeyState.UnderWay);
            }

            var entry = new Entry(time.GetTimestamp());
            _entries.Add(key, entry);
            _byAge.Enqueue((key, entry));
            return Task.FromResult(KeyState.New);
        }
    }

    public Task SettleAsync(string key, bool isPublished)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var entry))
            {
                entry.IsPublished = isPublished;
                if (!isPublished)
                {
                    Forget(key, entry);
                }
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Unless the key has been taken on again meanwhile.</summary>
    private void Forget(string key, Entry entry)
    {
        if (ReferenceEquals(_entries.GetValueOrDefault(key), entry))
        {
            _entries.Remove(key);
        }
    }

    private sealed class Entry(long since)
    {
        public long Since => since;

        public bool IsPublished { get; set; }
    }
}

/// <summary>For gateways that share a Redis: a repeated call may come to another one.</summary>
internal sealed class RedisKeys(IRedisSource source, IOptions<PushOptions> options, IOptions<NotifyOptions> hub, TimeProvider time) : IPublishedKeys
{
    private const string Claimed = "claimed";
    private const string Published = "published";

    public async Task<KeyState> ClaimAsync(string key)
    {
        var redis = await ConnectAsync();
        // Longer than the call may take that has claimed it.
        return await Limit(redis.StringSetAsync(KeyOf(key), Claimed, 2 * options.Value.Timeout, when: When.NotExists)) ? KeyState.New
            : await Limit(redis.StringGetAsync(KeyOf(key))) == Published ? KeyState.Published
            : KeyState.UnderWay;
    }

    public async Task SettleAsync(string key, bool isPublished)
    {
        var redis = await ConnectAsync();
        if (isPublished)
        {
            await Limit(redis.StringSetAsync(KeyOf(key), Published, options.Value.KeyLife));
        }
        else
        {
            await Limit(redis.KeyDeleteAsync(KeyOf(key)));
        }
    }

    private async Task<IDatabase> ConnectAsync() => (await Limit(source.GetAsync())).GetDatabase();

    private RedisKey KeyOf(string key) => $"{hub.Value.KeyPrefix}push:{key}";

    private Task<T> Limit<T>(Task<T> answer) => answer.WaitAsync(hub.Value.RedisTimeout, time);
}
