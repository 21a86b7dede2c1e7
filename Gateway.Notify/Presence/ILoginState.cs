namespace Gateway.Notify.Presence;

/// <summary>What the user service keeps about who is logged in, as far as the hub has to look after it.</summary>
public interface ILoginState
{
    /// <summary>Takes the online marker of a user away. Some user services refuse a second login while it exists.</summary>
    Task ClearMarkerAsync(string userId, CancellationToken cancellationToken);

    /// <summary>
    /// Has sessions and markers live on, those that are still there and would end; nothing where they have no lifetime. Never throws for a store that does
    /// not answer.
    /// </summary>
    Task RenewAsync(IReadOnlyCollection<string> sessionIds, IReadOnlyCollection<string> markersOf, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends a session.</summary>
    Task EndSessionAsync(string sessionId, CancellationToken cancellationToken);
}
