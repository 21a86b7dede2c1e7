using Gateway.Proxy.Settings;
using Gateway.Proxy.Tls;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Proxy.Redis;

/// <summary>The Redis of the sessions, of shared rate limits and of the hub: section <c>Gateway:Redis</c>.</summary>
public sealed class RedisOptions
{
    public const string SectionName = "Gateway:Redis";

    /// <summary>
    /// A StackExchange.Redis configuration: addresses, then settings, as <c>10.0.0.1:6379,password=...,ssl=true</c>. Timeouts
    /// and keep-alive may be set here too; whatever it says, an absent Redis never keeps the gateway from starting.
    /// Default <c>127.0.0.1:6379</c>.
    /// </summary>
    public string Configuration { get; set; } = "127.0.0.1:6379";

    /// <summary>
    /// A file that holds the password, as orchestrators mount secrets; read when the connection is set up. Wins over <c>password=</c>.
    /// Default empty: none.
    /// </summary>
    public string PasswordFile { get; set; } = "";

    /// <summary>
    /// PEM certificates of those who may have issued the server's certificate, for <c>ssl=true</c>. Default empty: those that the
    /// machine trusts.
    /// </summary>
    public string CertificateAuthorityFile { get; set; } = "";

    /// <summary>The gateway's own certificate, as a PEM file, for a Redis that asks for one. Default empty: none.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>The key of <see cref="CertificateFile"/>, as a PEM file. Default empty: it stands in that file.</summary>
    public string KeyFile { get; set; } = "";

    internal ClientTls Tls => ClientTls.Of(CertificateAuthorityFile, CertificateFile, KeyFile);
}

internal sealed class RedisOptionsValidator : IValidateOptions<RedisOptions>
{
    // The value itself stays out of the message: it may hold the password.
    private const string Problem =
        $"{RedisOptions.SectionName}:Configuration cannot be read; write it as 'host:port', further settings after commas, as in '10.0.0.1:6379,password=...'.";

    public ValidateOptionsResult Validate(string? name, RedisOptions options)
    {
        var errors = new SettingErrors(RedisOptions.SectionName);
        errors.AddRange(options.Tls.FindErrors(RedisOptions.SectionName, options.KeyFile));
        if (options.PasswordFile.Length > 0 && SecretFile.FindError($"{RedisOptions.SectionName}:PasswordFile", options.PasswordFile) is { } error)
        {
            errors.Add(error);
        }

        if (Parse(options) is not { EndPoints.Count: > 0 } parsed)
        {
            errors.Add(Problem);
        }
        else if (options.Tls.IsSet && !parsed.Ssl)
        {
            errors.Add($"{RedisOptions.SectionName} has certificates for TLS, but its Configuration does not say 'ssl=true'; add it, or leave them out.");
        }
        else if (!parsed.ChannelPrefix.IsNullOrEmpty)
        {
            errors.Add(
                $"{RedisOptions.SectionName}:Configuration has 'channelPrefix', which does not hold for what scripts publish; leave it out, and set Gateway:Notify:KeyPrefix, with which all channels of the gateway begin.");
        }

        return errors.Result;
    }

    private static ConfigurationOptions? Parse(RedisOptions options)
    {
        try
        {
            return RedisConnection.ParseConfiguration(options.Configuration);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
