using System.Collections.Concurrent;
using Gateway.Transforms.Identity;

namespace Gateway.Proxy.Sessions;

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
