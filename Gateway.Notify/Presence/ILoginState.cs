namespace Gateway.Notify.Presence;

/// <summary>What the user service keeps about who is logged in, as far as the hub has to tidy it.</summary>
public interface ILoginState
{
    /// <summary>Takes the online marker of a user away. Some user services refuse a second login while it exists.</summary>
    Task ClearMarkerAsync(string userId, CancellationToken cancellationToken);

    /// <summary>Ends a session.</summary>
    Task EndSessionAsync(string sessionId, CancellationToken cancellationToken);
}
