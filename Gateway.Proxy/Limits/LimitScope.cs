namespace Gateway.Proxy.Limits;

/// <summary>Who shares one rate.</summary>
public enum LimitScope
{
    /// <summary>Each client address has its own; of IPv6 each /64, because a household has that many addresses.</summary>
    Address,

    /// <summary>Each logged-in user has their own.</summary>
    User,

    /// <summary>All requests together.</summary>
    Global,
}
