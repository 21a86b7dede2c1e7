namespace Gateway.Proxy.Sessions;

/// <summary>The Redis that holds the sessions.</summary>
public sealed class RedisOptions
{
    public const string SectionName = "Gateway:Redis";

    /// <summary>
    /// A StackExchange.Redis configuration: addresses, then settings, as <c>10.0.0.1:6379,password=...,ssl=true</c>. Timeouts
    /// and keep-alive may be set here too; whatever it says, an absent Redis never keeps the gateway from starting.
    /// Default <c>127.0.0.1:6379</c>.
    /// </summary>
    public string Configuration { get; set; } = "127.0.0.1:6379";
}
