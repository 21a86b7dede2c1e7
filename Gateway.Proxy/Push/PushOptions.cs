using System.Net;
using Gateway.Proxy.Settings;
using Gateway.Proxy.Tls;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Push;

/// <summary>The port by which sub-services tell users events, see who is online and end sockets: section <c>Gateway:Push</c>. Clients must not reach it.</summary>
public sealed class PushOptions
{
    public const string SectionName = "Gateway:Push";

    /// <summary>The longest user id that an event can be for, whichever way it comes, in characters.</summary>
    internal const int MaxIdLength = 256;

    /// <summary>
    /// The port, for gRPC, and for JSON over HTTP/2 and, with TLS, over HTTP/1.1. Default none: sub-services cannot push; 0 picks a free one. It needs a token, or an
    /// authority for clients' certificates.
    /// </summary>
    public int? Port { get; set; }

    /// <summary>A port for JSON over HTTP/1.1, which without TLS cannot share one with gRPC. Default none; 0 picks a free one.</summary>
    public int? JsonPort { get; set; }

    /// <summary>The address to listen on, as an IP address. Default <c>127.0.0.1</c>: only this machine.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The secret that sub-services send as <c>Authorization: Bearer</c>. Default empty: none.</summary>
    public string Token { get; set; } = "";

    /// <summary>A file that holds the token instead, as orchestrators mount secrets. Read at start. Wins over <see cref="Token"/>.</summary>
    public string TokenFile { get; set; } = "";

    /// <summary>The certificate of this port, then those of its issuers, as a PEM file; read for each connection. Default empty: no TLS.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>Its key, as a PEM file. Default empty: it stands in <see cref="CertificateFile"/>.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>
    /// PEM certificates of those who issue the certificates of sub-services. Whoever shows none of theirs gets no connection. Default empty: no certificate is asked for.
    /// </summary>
    public string CertificateAuthorityFile { get; set; } = "";

    /// <summary>The most users one request may name. Default 1000; 1 to 100000.</summary>
    public int MaxUsers { get; set; } = 1_000;

    /// <summary>The longest event, in bytes. Default 1 MiB; 1 KiB to 16 MiB.</summary>
    public int MaxEventSize { get; set; } = 1 << 20;

    /// <summary>How many requests this gateway takes in a second. Default 1000; 1 to 1000000.</summary>
    public int MaxRate { get; set; } = 1_000;

    /// <summary>How long one request may take; a shorter deadline of the caller's counts. Default 5 seconds; 100 milliseconds to 1 minute.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>For how long the key of an event is remembered. Default 10 minutes; 1 minute to 1 day.</summary>
    public TimeSpan KeyLife { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How many keys are remembered where they are not in Redis; one more, and the oldest is forgotten. Default 100000; 1000 to 10000000.</summary>
    public int MaxKeys { get; set; } = 100_000;

    internal bool HasTls => CertificateFile.Length > 0;

    /// <summary>The token, wherever it stands. Empty: there is none.</summary>
    internal string ReadToken() => TokenFile.Length > 0 ? SecretFile.Read(TokenFile) : Token;
}

internal sealed class PushOptionsValidator : IValidateOptions<PushOptions>
{
    private const int MinTokenLength = 16;
    private const string Section = PushOptions.SectionName;

    public ValidateOptionsResult Validate(string? name, PushOptions options)
    {
        var errors = new SettingErrors(Section);
        errors.CheckNumber(nameof(options.MaxUsers), options.MaxUsers, 1, 100_000);
        errors.CheckNumber(nameof(options.MaxEventSize), options.MaxEventSize, 1 << 10, 16 << 20, "{0} to {1} bytes");
        errors.CheckNumber(nameof(options.MaxRate), options.MaxRate, 1, 1_000_000);
        errors.CheckTime(nameof(options.Timeout), options.Timeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        errors.CheckTime(nameof(options.KeyLife), options.KeyLife, TimeSpan.FromMinutes(1), TimeSpan.FromDays(1));
        errors.CheckNumber(nameof(options.MaxKeys), options.MaxKeys, 1_000, 10_000_000);
        if (options.Port is { } port)
        {
            errors.CheckPort(nameof(options.Port), port);
            CheckDoors(errors, options);
        }

        if (options.JsonPort is { } json)
        {
            errors.CheckPort(nameof(options.JsonPort), json);
            if (options.Port is null)
            {
                errors.Add($"{Section}:JsonPort is {json}, but Port is not set, and it is what turns all of this on; set it too.");
            }
        }

        return errors.Result;
    }

    private static void CheckDoors(SettingErrors errors, PushOptions options)
    {
        if (!IPAddress.TryParse(options.Address, out _))
        {
            errors.Add($"{Section}:Address is '{options.Address}'; use an IP address, '127.0.0.1' for this machine alone.");
        }

        errors.AddRange(ClientTls.Of(options.CertificateAuthorityFile, options.CertificateFile, options.KeyFile).FindErrors(Section, options.KeyFile));
        if (options.CertificateAuthorityFile.Length > 0 && !options.HasTls)
        {
            errors.Add($"{Section}:CertificateAuthorityFile is '{options.CertificateAuthorityFile}', but CertificateFile is empty; only a port with TLS can ask for certificates, so name its own.");
        }

        if (options.TokenFile.Length > 0)
        {
            CheckTokenFile(errors, options);
        }
        else if (options.Token.Length is > 0 and < MinTokenLength)
        {
            errors.Add($"{Section}:Token has {options.Token.Length} characters; use {MinTokenLength} or more.");
        }
        else if (options.Token.Length == 0 && options.CertificateAuthorityFile.Length == 0)
        {
            errors.Add($"{Section}:Port is {options.Port}, but anybody could push there; set Token or TokenFile, or CertificateAuthorityFile for sub-services that show a certificate.");
        }
    }

    private static void CheckTokenFile(SettingErrors errors, PushOptions options)
    {
        if (SecretFile.FindError($"{Section}:TokenFile", options.TokenFile) is { } error)
        {
            errors.Add(error);
        }
        else if (options.ReadToken().Length is < MinTokenLength and var length)
        {
            errors.Add($"{Section}:TokenFile is '{options.TokenFile}', which holds a token of {length} characters; use {MinTokenLength} or more.");
        }
    }
}
