using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Tls;

/// <summary>Ports with TLS for clients, beside the plain ones: section <c>Gateway:Tls</c>. They listen at the address of <c>Gateway:Listen</c>.</summary>
public sealed class TlsOptions
{
    public const string SectionName = "Gateway:Tls";

    /// <summary>
    /// A PEM file with the certificate, then those of its issuers as a client needs them. Default empty: there are no ports with TLS.
    /// </summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>A PEM file with the private key, without a password. Default empty: it stands in <see cref="CertificateFile"/>.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>The port for requests over TLS, HTTP/1.1 and HTTP/2. Default 9443; 0 picks a free one.</summary>
    public int HttpPort { get; set; } = 9443;

    /// <summary>The port for WebSockets over TLS. Default 9444; 0 picks a free one; the same as <see cref="HttpPort"/> makes one port serve both.</summary>
    public int WebSocketPort { get; set; } = 9444;

    internal bool IsUsed => CertificateFile.Length > 0;

    internal CertificateFiles Files => new(CertificateFile, KeyFile);
}

internal sealed class TlsOptionsValidator : IValidateOptions<TlsOptions>
{
    public ValidateOptionsResult Validate(string? name, TlsOptions options)
    {
        var errors = new SettingErrors(TlsOptions.SectionName);
        if (options.IsUsed)
        {
            if (options.Files.FindProblem() is { } problem)
            {
                errors.Add($"{TlsOptions.SectionName}: {problem}.");
            }
        }
        else if (options.KeyFile.Length > 0)
        {
            errors.Add($"{TlsOptions.SectionName}:KeyFile is '{options.KeyFile}', but CertificateFile is empty; name the certificate that the key belongs to.");
        }

        errors.CheckPort(nameof(options.HttpPort), options.HttpPort);
        errors.CheckPort(nameof(options.WebSocketPort), options.WebSocketPort);
        return errors.Result;
    }
}
