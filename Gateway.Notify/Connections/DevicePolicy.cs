namespace Gateway.Notify.Connections;

/// <summary>
/// How many devices of one user are served at once. A device is a login session: a connection with the session of an older one takes
/// that one's place under every policy but <see cref="All"/>, where several windows of one login are served side by side.
/// </summary>
public enum DevicePolicy
{
    /// <summary>Every socket of a user is told everything.</summary>
    All,

    /// <summary>The newest connection replaces all others.</summary>
    OnePerUser,

    /// <summary>Up to MaxDevices; a further one replaces the oldest.</summary>
    KickOldest,

    /// <summary>Up to MaxDevices; a further one is refused.</summary>
    RejectNew,
}
