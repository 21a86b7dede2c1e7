namespace Gateway.Notify.Connections;

/// <summary>Tells the hub whose session a client shows.</summary>
public interface ISessionAuthenticator
{
    /// <summary>Never throws for a store that does not answer; says so in the result.</summary>
    ValueTask<SessionVerdict> FindUserAsync(string sessionId, CancellationToken cancellationToken);
}

/// <summary>Whose session it is.</summary>
/// <param name="UserId">Null when nobody is logged in with it.</param>
/// <param name="StoreAnswered">False when that could not be found out.</param>
public readonly record struct SessionVerdict(string? UserId, bool StoreAnswered);
