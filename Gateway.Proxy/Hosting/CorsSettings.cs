namespace Gateway.Proxy.Hosting;

/// <summary>Which web pages of other origins may call the gateway: section <c>Gateway:Cors</c>.</summary>
public sealed class CorsSettings
{
    public const string SectionName = "Gateway:Cors";

    /// <summary>
    /// Origins as a browser sends them, <c>https://chat.example.com</c>, or a single <c>*</c> for any. Default none: only pages
    /// of the gateway's own origin can call it.
    /// </summary>
    public IList<string> AllowedOrigins { get; init; } = [];

    /// <summary>How long a browser may remember the answer to a preflight. Default 1 hour.</summary>
    public TimeSpan PreflightMaxAge { get; set; } = TimeSpan.FromHours(1);
}
