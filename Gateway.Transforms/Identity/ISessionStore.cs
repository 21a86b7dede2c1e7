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
    /// <param name="sessionId">A session id whose form has been checked already.</param>
    /// <param name="cancellationToken">Cancelled when the client has gone or the request's deadline has passed.</param>
    ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken);
}

/// <summary>The answer of a session store: a user, nobody, or no answer at all.</summary>
public readonly record struct SessionLookup
{
    private SessionLookup(string? userId, bool storeAnswered)
    {
        UserId = userId;
        StoreAnswered = storeAnswered;
    }

    /// <summary>No such session. Also what an empty user id means: it is nobody.</summary>
    public static SessionLookup NotFound { get; } = new(null, storeAnswered: true);

    /// <summary>The store gave no answer in time. Nobody is let in on that.</summary>
    public static SessionLookup StoreDown { get; } = new(null, storeAnswered: false);

    /// <summary>The user the session belongs to; null when there is none.</summary>
    public string? UserId { get; }

    /// <summary>False when the store could not be asked.</summary>
    public bool StoreAnswered { get; }

    /// <summary>The session of <paramref name="userId"/>, or <see cref="NotFound"/> when that is null or empty.</summary>
    public static SessionLookup Of(string? userId) =>
        string.IsNullOrEmpty(userId) ? NotFound : new SessionLookup(userId, storeAnswered: true);
}
