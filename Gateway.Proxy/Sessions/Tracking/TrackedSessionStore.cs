using System.Threading.Channels;
using Gateway.Transforms.Identity;

namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>
/// Answers from memory as long as Redis is proven to tell of every change, and asks Redis otherwise. In the path only when
/// <see cref="SessionOptions.Tracking"/> is set.
/// <para>
/// What a call is told never comes through the tracking connection. A session that was found is read there once more, and only what that
/// reading brings is remembered. So whatever becomes of that connection costs no call its answer, and ids that are nobody's take no
/// room in the server's table of tracked keys.
/// </para>
/// </summary>
internal sealed class TrackedSessionStore : ISessionStore
{
    /// <summary>Without a prefix a client can name any key; what is longer than this is no user id, and not kept.</summary>
    private const int MaxUserIdLength = 1024;

    // More than are ever found at a time. What does not fit is remembered the next time.
    private const int MaxWanted = 1024;

    private readonly RememberedSessions _remembered;
    private readonly TrackingMetrics _metrics;
    private readonly SharedLookups _lookups;
    private readonly Channel<string> _wanted = Channel.CreateBounded<string>(new BoundedChannelOptions(MaxWanted) { SingleReader = true });

    public TrackedSessionStore(ISessionStore source, RememberedSessions remembered, TrackingMetrics metrics)
    {
        Source = source;
        _remembered = remembered;
        _metrics = metrics;
        _lookups = new SharedLookups(AskAsync);
    }

    public ISessionStore Source { get; }

    /// <summary>Sessions that were found and are to be remembered.</summary>
    public ChannelReader<string> Wanted => _wanted.Reader;

    public ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken)
    {
        if (_remembered.TryFind(sessionId, out var known))
        {
            _metrics.AnsweredFromMemory();
            return new(known);
        }

        return new(_lookups.AskAsync(sessionId, cancellationToken));
    }

    private async Task<SessionLookup> AskAsync(string sessionId)
    {
        var lookup = await Source.FindUserAsync(sessionId, CancellationToken.None);
        if (lookup.UserId is { Length: <= MaxUserIdLength } && _remembered.IsProven)
        {
            _wanted.Writer.TryWrite(sessionId);
        }

        return lookup;
    }
}
