namespace Gateway.Notify.Presence;

/// <summary>What happens when a user's last socket, anywhere, has been gone for the grace period.</summary>
public enum LastDisconnect
{
    /// <summary>The online marker is removed; the session stays, so that a page that is opened again is still logged in.</summary>
    ClearMarker,

    /// <summary>The online marker is removed and the sessions of the user's sockets end.</summary>
    Logout,

    /// <summary>Nothing.</summary>
    Keep,
}
