namespace Gateway.Proxy.Limits;

/// <summary>All rate limits, by name. The section itself is the dictionary.</summary>
internal sealed class RateLimits : Dictionary<string, RateLimit>
{
    public const string SectionName = "Gateway:RateLimits";

    public RateLimits()
        : base(StringComparer.OrdinalIgnoreCase)
    {
    }
}
