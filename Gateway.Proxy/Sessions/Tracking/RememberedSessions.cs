using System.Collections.Concurrent;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>
/// The sessions that are remembered, and until when they may be used. Those who ask take no lock; those who change it, which happens
/// when a session is first seen or has changed, take turns.
/// </summary>
internal sealed class RememberedSessions
{
    /// <summary>How old the proof that Redis tells of changes may be.</summary>
    public static readonly TimeSpan ProofAge = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly int _capacity;
    private readonly long _proofAge;
    private readonly Lock _changing = new();
    private readonly ConcurrentDictionary<string, Entry> _entries = new(concurrencyLevel: 1, capacity: 1024, StringComparer.Ordinal);
    private readonly List<Entry?> _slots = [];
    private readonly Stack<int> _free = [];
    private int _hand;
    private long _provenUntil = long.MinValue;

    public RememberedSessions(IOptions<SessionOptions> options, TimeProvider time)
    {
        _time = time;
        _capacity = options.Value.CacheEntries;
        _proofAge = (long)(ProofAge.TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>True while Redis is known to tell of changes.</summary>
    public bool IsProven => _time.GetTimestamp() < Volatile.Read(ref _provenUntil);

    public int Count
    {
        get
        {
            lock (_changing)
            {
                return _slots.Count - _free.Count;
            }
        }
    }

    public bool TryFind(string sessionId, out SessionLookup lookup)
    {
        var now = _time.GetTimestamp();
        if (now < Volatile.Read(ref _provenUntil) && _entries.TryGetValue(sessionId, out var entry) && now < entry.Expires)
        {
            entry.NoteUse();
            lookup = entry.Lookup;
            return true;
        }

        lookup = default;
        return false;
    }

    /// <summary>Everything that Redis had told when it was asked at <paramref name="asked"/> has been taken in.</summary>
    public void Proven(long asked) => Volatile.Write(ref _provenUntil, asked + _proofAge);

    /// <summary>Nothing may be used until there is a new proof.</summary>
    public void Doubt() => Volatile.Write(ref _provenUntil, long.MinValue);

    /// <param name="sessionId">The session.</param>
    /// <param name="userId">Whose it is.</param>
    /// <param name="expires">The timestamp at which it has to be asked for anew.</param>
    public void Remember(string sessionId, string userId, long expires)
    {
        lock (_changing)
        {
            Remove(sessionId);
            var entry = new Entry(sessionId, SessionLookup.Of(userId), expires, FreeSlot());
            _slots[entry.Slot] = entry;
            _entries[sessionId] = entry;
        }
    }

    public void Forget(string sessionId)
    {
        lock (_changing)
        {
            Remove(sessionId);
        }
    }

    public void ForgetAll()
    {
        lock (_changing)
        {
            _entries.Clear();
            _slots.Clear();
            _free.Clear();
            _hand = 0;
        }
    }

    private void Remove(string sessionId)
    {
        if (_entries.TryRemove(sessionId, out var entry))
        {
            _slots[entry.Slot] = null;
            _free.Push(entry.Slot);
        }
    }

    private int FreeSlot()
    {
        if (_free.Count == 0 && _slots.Count < _capacity)
        {
            _slots.Add(null);
            return _slots.Count - 1;
        }

        if (_free.Count == 0)
        {
            Remove(NextUnused().SessionId);
        }

        return _free.Pop();
    }

    /// <summary>The first one, from where it stopped the last time, that nobody has asked for since it came by before. All slots are taken.</summary>
    private Entry NextUnused()
    {
        while (true)
        {
            var entry = _slots[_hand]!;
            _hand = (_hand + 1) % _slots.Count;
            if (!entry.TakeUse())
            {
                return entry;
            }
        }
    }

    private sealed class Entry(string sessionId, SessionLookup lookup, long expires, int slot)
    {
        private volatile bool _used;

        public string SessionId { get; } = sessionId;

        public SessionLookup Lookup { get; } = lookup;

        public long Expires { get; } = expires;

        public int Slot { get; } = slot;

        public void NoteUse()
        {
            // Written once, so that those who ask for the same session do not take the memory from each other.
            if (!_used)
            {
                _used = true;
            }
        }

        /// <summary>Whether it was asked for since the last time this was called.</summary>
        public bool TakeUse()
        {
            var used = _used;
            _used = false;
            return used;
        }
    }
}
