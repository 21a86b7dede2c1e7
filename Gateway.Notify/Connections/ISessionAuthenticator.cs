namespace Gateway.Notify.Connections;

/// <summary>Tells the hub whose session a client shows.</summary>
public interface ISessionAuthenticator
{
    /// <summary>Never throws for a store that does not answer; says so in the result.</summary>
    ValueTask<SessionVerdict> FindUserAsync(string sessionId, CancellationToken cancellationToken);
}
