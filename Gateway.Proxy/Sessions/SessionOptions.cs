namespace Gateway.Proxy.Sessions;

/// <summary>How the gateway finds out whose login a session id is.</summary>
public sealed class SessionOptions
{
    public const string SectionName = "Gateway:Sessions";

    /// <summary>What <see cref="KeyPattern"/> holds in place of the session id.</summary>
    internal const string Placeholder = "{session_id}";

    /// <summary>What <see cref="MarkerKeyPattern"/> holds in place of the user id.</summary>
    internal const string UserPlaceholder = "{user_id}";

    /// <summary>Where sessions are kept: <c>Redis</c> (default) or <c>Memory</c>.</summary>
    public SessionStoreKind Store { get; set; } = SessionStoreKind.Redis;

    /// <summary>
    /// The Redis key of a session, with <c>{session_id}</c> exactly once, as <c>session:{session_id}</c>. It must be what the
    /// user service writes. Default <c>{session_id}</c>.
    /// </summary>
    public string KeyPattern { get; set; } = Placeholder;

    /// <summary>
    /// The Redis key of the online marker that the user service writes at login, with <c>{user_id}</c> exactly once, as
    /// <c>status:{user_id}</c>. The gateway removes it when the user's last socket has gone. Default <c>{user_id}</c>.
    /// </summary>
    public string MarkerKeyPattern { get; set; } = UserPlaceholder;

    /// <summary>
    /// How long one look-up may take before the request is refused as "session store down". Default 200 milliseconds, from
    /// 10 milliseconds to 5 seconds.
    /// </summary>
    public TimeSpan LookupTimeout { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How long a session found in Redis is remembered in this gateway. For so long a session that has ended still passes calls,
    /// and a Redis that is down is not noticed by those whose session is remembered. Sockets are checked without it. Default 0:
    /// every call asks Redis; up to 30 seconds.
    /// </summary>
    public TimeSpan CacheTtl { get; set; }

    /// <summary>
    /// How many sessions are remembered at most. Further ones are asked for each time until others have been dropped. Default 100000,
    /// from 1000 to 10000000.
    /// </summary>
    public int CacheEntries { get; set; } = 100_000;
}
