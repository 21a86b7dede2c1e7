using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

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

    /// <summary>Whether sessions and markers live on while they are used.</summary>
    public RenewalOptions Renew { get; init; } = new();
}

/// <summary>How long a session and an online marker live from when they were last used. Only those that are there and would end are ever touched.</summary>
public sealed class RenewalOptions
{
    internal static readonly TimeSpan DefaultInterval = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a session lives from the last call, and while a socket is open. One that lives longer or for ever stays as it is. Default 0: the user
    /// service alone decides. At least three times <see cref="Interval"/>, up to 365 days.
    /// </summary>
    public TimeSpan SessionTtl { get; set; }

    /// <summary>The same of the online marker, while its user has a socket open. Calls do not renew it.</summary>
    public TimeSpan MarkerTtl { get; set; }

    /// <summary>How often they are renewed at most. Default 1 minute, from 1 second to 1 hour.</summary>
    public TimeSpan Interval { get; set; } = DefaultInterval;

    internal bool IsOn => SessionTtl != TimeSpan.Zero || MarkerTtl != TimeSpan.Zero;
}

/// <summary>Where sessions are looked up.</summary>
public enum SessionStoreKind
{
    /// <summary>In Redis, where the user service writes them.</summary>
    Redis,

    /// <summary>In this process, for a demo or a test that plays the user service itself.</summary>
    Memory,
}

internal sealed class SessionOptionsValidator : IValidateOptions<SessionOptions>
{
    public ValidateOptionsResult Validate(string? name, SessionOptions options)
    {
        var errors = new SettingErrors(SessionOptions.SectionName);
        if (!Enum.IsDefined(options.Store))
        {
            errors.Add($"{SessionOptions.SectionName}:Store is '{options.Store}'; use 'Redis' or 'Memory'.");
        }

        if (options.KeyPattern.Split(SessionOptions.Placeholder).Length != 2)
        {
            errors.Add($"{SessionOptions.SectionName}:KeyPattern is '{options.KeyPattern}'; write {SessionOptions.Placeholder} in it exactly once, as in 'session:{SessionOptions.Placeholder}'.");
        }

        if (options.MarkerKeyPattern.Split(SessionOptions.UserPlaceholder).Length != 2)
        {
            errors.Add($"{SessionOptions.SectionName}:MarkerKeyPattern is '{options.MarkerKeyPattern}'; write {SessionOptions.UserPlaceholder} in it exactly once, as in 'status:{SessionOptions.UserPlaceholder}'.");
        }

        errors.CheckTime(nameof(options.LookupTimeout), options.LookupTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(5), SettingErrors.WithItsForm);
        errors.CheckTime(nameof(options.CacheTtl), options.CacheTtl, TimeSpan.Zero, TimeSpan.FromSeconds(30),
            "a time up to '{1:c}', written as hours:minutes:seconds, or '00:00:00' to remember no session");
        errors.CheckNumber(nameof(options.CacheEntries), options.CacheEntries, 1000, 10_000_000, "a number from {0} to {1}");
        CheckRenewal(options, errors);
        return errors.Result;
    }

    private static void CheckRenewal(SessionOptions options, SettingErrors errors)
    {
        const string Section = $"{nameof(SessionOptions.Renew)}:";
        var renew = options.Renew;
        errors.CheckTime(Section + nameof(renew.Interval), renew.Interval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), SettingErrors.WithItsForm);
        CheckLife(nameof(renew.SessionTtl), renew.SessionTtl);
        CheckLife(nameof(renew.MarkerTtl), renew.MarkerTtl);
        if (renew.IsOn && options.Store == SessionStoreKind.Memory)
        {
            errors.Add($"{SessionOptions.SectionName}:Renew is set, but sessions are in memory and have no lifetime there; remove it, or set {SessionOptions.SectionName}:Store to 'Redis'.");
        }

        void CheckLife(string setting, TimeSpan life)
        {
            if (life != TimeSpan.Zero)
            {
                errors.CheckTime(Section + setting, life, 3 * renew.Interval, TimeSpan.FromDays(365),
                    "'{0:c}', three times the Interval, so that one renewal may fail, to '{1:c}', or '00:00:00' for none");
            }
        }
    }
}
