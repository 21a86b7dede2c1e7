using System.Net;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Operations;

internal sealed class ManagementOptionsValidator : IValidateOptions<ManagementOptions>
{
    // The host gives everything together 30 seconds to stop; calls and sockets need some of them.
    private static readonly TimeSpan MaxDrainDelay = TimeSpan.FromSeconds(20);

    private const int MinTokenLength = 16;

    public ValidateOptionsResult Validate(string? name, ManagementOptions options)
    {
        List<string> errors = [];
        if (!IPAddress.TryParse(options.Address, out _))
        {
            errors.Add($"{ManagementOptions.SectionName}:Address is '{options.Address}'; use an IP address, '127.0.0.1' for this machine alone.");
        }

        if (options.Port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
        {
            errors.Add($"{ManagementOptions.SectionName}:Port is {options.Port}; use 1 to 65535, or 0 for any free port.");
        }

        if (options.DrainDelay < TimeSpan.Zero || options.DrainDelay > MaxDrainDelay)
        {
            errors.Add($"{ManagementOptions.SectionName}:DrainDelay is '{options.DrainDelay:c}'; use '00:00:00' to '{MaxDrainDelay:c}'.");
        }

        if (options.TokenFile.Length > 0 && CheckTokenFile(options) is { } problem)
        {
            errors.Add($"{ManagementOptions.SectionName}:TokenFile is '{options.TokenFile}', which {problem}.");
        }

        if (options.Token.Length is > 0 and < MinTokenLength)
        {
            errors.Add($"{ManagementOptions.SectionName}:Token has {options.Token.Length} characters; use {MinTokenLength} or more.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static string? CheckTokenFile(ManagementOptions options)
    {
        if (!File.Exists(options.TokenFile))
        {
            return "does not exist; mount it there, or leave it out";
        }

        try
        {
            return options.ReadToken().Length switch
            {
                0 => $"is empty; write a token of {MinTokenLength} or more characters into it, or leave it out",
                < MinTokenLength and var length => $"holds a token of {length} characters; use {MinTokenLength} or more",
                _ => null,
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "may not be read by this user; change its owner or permissions";
        }
    }
}
