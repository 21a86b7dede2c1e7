using System.Net;
using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Discovery.Dns;

/// <summary>How <c>dns://</c> and <c>dns+srv://</c> addresses are looked up: section <c>Gateway:Dns</c>.</summary>
public sealed class DnsOptions
{
    public const string SectionName = "Gateway:Dns";

    private const int DnsPort = 53;

    /// <summary>How often each name is looked up again; how long answers may be kept (TTL) does not count. Default 5 seconds, from 100 milliseconds to 1 hour.</summary>
    public TimeSpan Refresh { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a server may take to answer one question. Default 2 seconds, from 10 milliseconds to 1 minute.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The servers to ask, as <c>10.0.0.10</c> or <c>10.0.0.10:5353</c>, separated by commas; the next is asked when one does not answer. Default empty:
    /// those of the system, as <c>/etc/resolv.conf</c> names them.
    /// </summary>
    public string Servers { get; set; } = "";

    /// <summary>
    /// How long the instances of a name stay in use when the name does not exist any more, or has no address. Default 30 seconds, from 0 (take the
    /// server's word at once) to 1 hour.
    /// </summary>
    public TimeSpan EmptyNameGrace { get; set; } = TimeSpan.FromSeconds(30);

    internal FollowTimes Times => new(TimeSpan.Zero, EmptyNameGrace, TimeSpan.FromMilliseconds(Math.Min(100, Refresh.TotalMilliseconds)), Refresh);

    /// <summary>A JSON null is as good as nothing.</summary>
    internal string[] ServerList() => (Servers ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    internal static bool TryParseServer(string text, out IPEndPoint server)
    {
        if (!IPEndPoint.TryParse(text, out var parsed))
        {
            server = new IPEndPoint(IPAddress.None, DnsPort);
            return false;
        }

        server = parsed.Port == 0 ? new IPEndPoint(parsed.Address, DnsPort) : parsed;
        return true;
    }
}

internal sealed class DnsOptionsValidator : IValidateOptions<DnsOptions>
{
    public ValidateOptionsResult Validate(string? name, DnsOptions options)
    {
        var errors = new SettingErrors(DnsOptions.SectionName);
        errors.AddRange(options.ServerList().Where(server => !DnsOptions.TryParseServer(server, out _)).Select(server =>
            $"{DnsOptions.SectionName}:Servers holds '{server}'; write each server as '10.0.0.10' or '10.0.0.10:53' and separate them by commas."));
        errors.CheckTime(nameof(options.Refresh), options.Refresh, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1), SettingErrors.WithItsForm);
        errors.CheckTime(nameof(options.Timeout), options.Timeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1), SettingErrors.WithItsForm);
        errors.CheckTime(nameof(options.EmptyNameGrace), options.EmptyNameGrace, TimeSpan.Zero, TimeSpan.FromHours(1), SettingErrors.WithItsForm);
        return errors.Result;
    }
}
