namespace Gateway.Proxy.Limits;

/// <summary>
/// One rate limit, <c>Gateway:RateLimits:&lt;name&gt;</c>; a route names it as its <c>RateLimiterPolicy</c>, or in its metadata <c>RateLimits</c>. <see cref="Permit"/>
/// requests may come at once; what was used comes back evenly over <see cref="Window"/>.
/// </summary>
public sealed class RateLimit
{
    /// <summary>How many requests may come within <see cref="Window"/>. 1 to 1000000; there is no default.</summary>
    public int Permit { get; set; }

    /// <summary>The time for them. Default 1 minute, from 1 second to 1 day.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Who shares it: <c>Address</c> (default), <c>User</c>, <c>Field</c> or <c>Global</c>.</summary>
    public LimitScope Per { get; set; } = LimitScope.Address;

    /// <summary>With <c>Per</c> = <c>Field</c>: the field of the request, a text, as <c>phone_number</c> or <c>account.mail</c>. Default empty.</summary>
    public string Field { get; set; } = "";

    /// <summary>How many requests may wait for their turn instead of being refused. Default 0, up to 10000; 0 with <see cref="Shared"/> and <c>Field</c>.</summary>
    public int QueueLimit { get; set; }

    /// <summary>Whether all gateways count together, in Redis. Default false: each counts for itself.</summary>
    public bool Shared { get; set; }

    /// <summary>With <see cref="Shared"/>: what happens while Redis does not answer, <c>Allow</c> (default) or <c>Refuse</c>.</summary>
    public StoreFailure WhenRedisFails { get; set; } = StoreFailure.Allow;
}

/// <summary>Who shares one rate.</summary>
public enum LimitScope
{
    /// <summary>Each client address has its own; of IPv6 each /64, because a household has that many addresses.</summary>
    Address,

    /// <summary>Each logged-in user has their own.</summary>
    User,

    /// <summary>Each value of a field of the request has its own.</summary>
    Field,

    /// <summary>All requests together.</summary>
    Global,
}

/// <summary>What a shared rate limit does while Redis does not answer.</summary>
public enum StoreFailure
{
    /// <summary>Requests pass unlimited.</summary>
    Allow,

    /// <summary>Requests are refused.</summary>
    Refuse,
}
