namespace Gateway.Transforms.Identity;

/// <summary>
/// Tells whose login a session id is. The user service writes sessions at login; the gateway only reads them.
/// </summary>
public interface ISessionStore
{
    /// <summary>The store itself, past any cache: for those who go by its answer for long, as a socket does.</summary>
    ISessionStore Source => this;

    /// <summary>
    /// Looks up one session. Implementations never throw for a store that does not answer: they return
    /// <see cref="SessionLookup.StoreDown"/>, and the request is refused.
    /// </summary>
    /// <param name="sessionId">A session id, or a token where the host takes tokens, whose form has been checked already.</param>
    /// <param name="cancellationToken">Cancelled when the client has gone or the request's deadline has passed.</param>
    ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken);
}

/// <summary>The answer of a session store: a user, nobody, or no answer at all.</summary>
public readonly record struct SessionLookup
{
    private const long None = 0;
    private const long WithoutEnd = -1;

    // What the store has said: nothing, or until when, in ticks. One number, so that calls carry no more than that.
    private readonly long _answer;

    private SessionLookup(string? userId, long answer)
    {
        UserId = userId;
        _answer = answer;
    }

    /// <summary>No such session. Also what an empty user id means: it is nobody.</summary>
    public static SessionLookup NotFound { get; } = new(null, WithoutEnd);

    /// <summary>The store gave no answer in time. Nobody is let in on that.</summary>
    public static SessionLookup StoreDown { get; } = new(null, None);

    /// <summary>The user the session belongs to; null when there is none.</summary>
    public string? UserId { get; }

    /// <summary>False when the store could not be asked.</summary>
    public bool StoreAnswered => _answer != None;

    /// <summary>When it ends by itself, as a token does; null for a session, which ends when the store no longer knows it.</summary>
    public DateTimeOffset? ExpiresAt => _answer > None ? new DateTimeOffset(_answer, TimeSpan.Zero) : null;

    /// <summary>The session of <paramref name="userId"/>, or <see cref="NotFound"/> when that is null or empty.</summary>
    public static SessionLookup Of(string? userId) =>
        string.IsNullOrEmpty(userId) ? NotFound : new SessionLookup(userId, WithoutEnd);

    /// <summary>The same of what ends by itself.</summary>
    public static SessionLookup Of(string? userId, DateTimeOffset expiresAt) =>
        string.IsNullOrEmpty(userId) ? NotFound : new SessionLookup(userId, expiresAt.UtcTicks);
}
