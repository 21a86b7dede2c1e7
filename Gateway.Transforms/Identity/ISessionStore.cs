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
