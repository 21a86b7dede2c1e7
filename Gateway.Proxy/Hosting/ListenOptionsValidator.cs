using System.Net;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Hosting;

internal sealed class ListenOptionsValidator : IValidateOptions<ListenOptions>
{
    public ValidateOptionsResult Validate(string? name, ListenOptions options)
    {
        List<string> errors = [];
        if (!IPAddress.TryParse(options.Address, out _))
        {
            errors.Add($"{ListenOptions.SectionName}:Address is '{options.Address}'; use an IP address, '0.0.0.0' for all.");
        }

        CheckPort(nameof(options.HttpPort), options.HttpPort);
        CheckPort(nameof(options.WebSocketPort), options.WebSocketPort);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void CheckPort(string setting, int port)
        {
            if (port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
            {
                errors.Add($"{ListenOptions.SectionName}:{setting} is {port}; use 1 to 65535, or 0 for any free port.");
            }
        }
    }
}
