namespace Gateway.Proxy.Limits;

/// <summary>All rate limits, by name. The section itself is the dictionary.</summary>
internal sealed class RateLimits : Dictionary<string, RateLimit>
{
    public RateLimits()
        : base(StringComparer.OrdinalIgnoreCase)
    {
    }
}
