using System.Net;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Tls;

internal sealed class TlsOptionsValidator : IValidateOptions<TlsOptions>
{
    public ValidateOptionsResult Validate(string? name, TlsOptions options)
    {
        List<string> errors = [];
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

        CheckPort(nameof(options.HttpPort), options.HttpPort);
        CheckPort(nameof(options.WebSocketPort), options.WebSocketPort);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void CheckPort(string setting, int port)
        {
            if (port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
            {
                errors.Add($"{TlsOptions.SectionName}:{setting} is {port}; use 1 to 65535, or 0 for any free port.");
            }
        }
    }
}
