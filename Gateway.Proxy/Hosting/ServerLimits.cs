using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Hosting;

/// <summary>What the HTTP server bears from clients: section <c>Gateway:Limits</c>. Each body has a limit of its own, by route.</summary>
public sealed class ServerLimits
{
    private const long MiB = 1 << 20;

    public const string SectionName = "Gateway:Limits";

    /// <summary>Most connections of each port; one more is closed at once. Default 20000, from 1 to 1000000.</summary>
    public int MaxConnections { get; set; } = 20_000;

    /// <summary>
    /// Most connections that have become WebSockets, apart from those of the WebSocket port. Default 12000, from 1 to 1000000. Keep it above
    /// <c>Gateway:Notify:MaxConnections</c>, which counts all and refuses with a status clients understand.
    /// </summary>
    public int MaxUpgradedConnections { get; set; } = 12_000;

    /// <summary>How long a client may take to send its headers. Default 10 seconds, from 1 second to 5 minutes.</summary>
    public TimeSpan RequestHeadersTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>All headers of a request together, in bytes. Default 32 KiB, from 1 KiB to 1 MiB.</summary>
    public int MaxRequestHeadersSize { get; set; } = 32 << 10;

    /// <summary>How long a connection may stay open between requests. Default 130 seconds, from 1 second to 1 hour.</summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>
    /// How old a connection may become, give or take a tenth: the answer to the next request on it is its last. Does not hold for WebSockets. Default
    /// 10 minutes, from 1 second to 1 day; 0 for any age.
    /// </summary>
    public TimeSpan MaxConnectionAge { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The slowest a client may send a body or read an answer, in bytes a second. Default 240, up to 1 MiB; 0 allows any. Does not
    /// hold for WebSockets.
    /// </summary>
    public int MinDataRate { get; set; } = 240;

    /// <summary>How long a client may be slower than <see cref="MinDataRate"/>. Default 5 seconds, from 2 seconds to 5 minutes.</summary>
    public TimeSpan MinDataRateGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The most bytes of large requests held in memory at a time, all together; beyond it such requests read <c>overloaded</c>. Held are those that
    /// cannot be passed on as they come. Senders that are not known yet may take a quarter of it. Default an eighth of the memory that the process may
    /// use, at least 72 MiB and at most 512 MiB; 1 MiB to 1 TiB.
    /// </summary>
    public long? MaxHeldRequestBytes { get; set; }

    /// <summary>What holds where <see cref="MaxHeldRequestBytes"/> is not set. The least of it takes one of the largest files.</summary>
    /// <param name="available">The memory that the process may use, in bytes.</param>
    public static long DefaultHeldRequestBytes(long available) => Math.Clamp(available / 8, 72 * MiB, 512 * MiB);
}

internal sealed class ServerLimitsValidator : IValidateOptions<ServerLimits>
{
    private const int Million = 1_000_000;
    private const int MiB = 1 << 20;
    private const long TiB = 1L << 40;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public ValidateOptionsResult Validate(string? name, ServerLimits options)
    {
        var errors = new SettingErrors(ServerLimits.SectionName);
        errors.CheckNumber(nameof(options.MaxConnections), options.MaxConnections, 1, Million);
        errors.CheckNumber(nameof(options.MaxUpgradedConnections), options.MaxUpgradedConnections, 1, Million);
        errors.CheckNumber(nameof(options.MaxRequestHeadersSize), options.MaxRequestHeadersSize, 1 << 10, MiB);
        errors.CheckNumber(nameof(options.MinDataRate), options.MinDataRate, 0, MiB);
        errors.CheckNumber(nameof(options.MaxHeldRequestBytes), options.MaxHeldRequestBytes ?? MiB, MiB, TiB);
        errors.CheckTime(nameof(options.RequestHeadersTimeout), options.RequestHeadersTimeout, Second, TimeSpan.FromMinutes(5));
        errors.CheckTime(nameof(options.KeepAliveTimeout), options.KeepAliveTimeout, Second, TimeSpan.FromHours(1));
        if (options.MaxConnectionAge != TimeSpan.Zero)
        {
            errors.CheckTime(nameof(options.MaxConnectionAge), options.MaxConnectionAge, Second, TimeSpan.FromDays(1));
        }

        errors.CheckTime(nameof(options.MinDataRateGrace), options.MinDataRateGrace, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(5));
        return errors.Result;
    }
}
