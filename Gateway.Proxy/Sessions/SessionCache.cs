using System.Collections.Concurrent;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Internal;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Sessions;

/// <summary>
/// Remembers for a short time whose session it is, and lets those who ask for the same session at the same time share one look-up.
/// Only sessions that were found are remembered. In the path only when <see cref="SessionOptions.CacheTtl"/> is set.
/// </summary>
internal sealed class SessionCache : ISessionStore, IDisposable
{
    private readonly TimeSpan _ttl;
    private readonly SteadyClock _clock;
    private readonly MemoryCache _known;
    private readonly SharedLookups _lookups;

    public SessionCache(ISessionStore source, IOptions<SessionOptions> options, TimeProvider time)
    {
        Source = source;
        _lookups = new SharedLookups(AskAsync);
        _ttl = options.Value.CacheTtl;
        _clock = new SteadyClock(time);
        _known = new MemoryCache(new MemoryCacheOptions { Clock = _clock, SizeLimit = options.Value.CacheEntries });
    }

    public ISessionStore Source { get; }

    public async ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken) =>
        _known.TryGetValue<SessionLookup>(sessionId, out var known)
            ? known
            : await _lookups.AskAsync(sessionId, cancellationToken);

    public void Dispose() => _known.Dispose();

    private async Task<SessionLookup> AskAsync(string sessionId)
    {
        // From the question on, not from the answer: a session that ends in between is not remembered for longer.
        var expires = _clock.UtcNow + _ttl;
        var lookup = await Source.FindUserAsync(sessionId, CancellationToken.None);
        if (lookup.UserId is not null && expires > _clock.UtcNow)
        {
            _known.Set(sessionId, lookup, new MemoryCacheEntryOptions { AbsoluteExpiration = expires, Size = 1 });
        }

        return lookup;
    }
}

/// <summary>Lets those who ask for the same session at the same time share one look-up.</summary>
/// <param name="ask">
/// Makes a look-up. Whoever began it may leave, so it is not cancelled with him; the store sets its own deadline.
/// </param>
internal sealed class SharedLookups(Func<string, Task<SessionLookup>> ask)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<SessionLookup>>> _underWay = new(StringComparer.Ordinal);

    public Task<SessionLookup> AskAsync(string sessionId, CancellationToken cancellationToken) =>
        _underWay.GetOrAdd(sessionId, static (id, lookups) => new(() => lookups.BeginAsync(id)), this).Value.WaitAsync(cancellationToken);

    private async Task<SessionLookup> BeginAsync(string sessionId)
    {
        try
        {
            return await ask(sessionId);
        }
        finally
        {
            _underWay.TryRemove(sessionId, out _);
        }
    }
}

/// <summary>A clock for the cache that only ever moves on, whatever becomes of the machine's time of day.</summary>
internal sealed class SteadyClock(TimeProvider time) : ISystemClock
{
    private readonly DateTimeOffset _began = time.GetUtcNow();
    private readonly long _start = time.GetTimestamp();

    public DateTimeOffset UtcNow => _began + time.GetElapsedTime(_start);
}
