using Gateway.Proxy.Tls;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Discovery;

internal sealed class EtcdOptionsValidator : IValidateOptions<EtcdOptions>
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public ValidateOptionsResult Validate(string? name, EtcdOptions options)
    {
        var errors = new List<string>();
        CheckEndpoints(options, errors);
        CheckPrefix(options, errors);
        CheckCredentials(options, errors);
        CheckSpan(nameof(options.ResyncInterval), options.ResyncInterval, TimeSpan.FromSeconds(1), Hour, errors);
        CheckSpan(nameof(options.EmptyRegistryGrace), options.EmptyRegistryGrace, TimeSpan.Zero, Hour, errors);
        CheckSpan(nameof(options.ConnectTimeout), options.ConnectTimeout, TimeSpan.FromMilliseconds(10), Minute, errors);
        CheckSpan(nameof(options.RequestTimeout), options.RequestTimeout, TimeSpan.FromMilliseconds(10), Minute, errors);
        CheckSpan(nameof(options.RetryDelayMin), options.RetryDelayMin, TimeSpan.FromMilliseconds(1), Minute, errors);
        CheckSpan(nameof(options.RetryDelayMax), options.RetryDelayMax, TimeSpan.FromMilliseconds(1), Minute, errors);
        CheckSpan(nameof(options.Debounce), options.Debounce, TimeSpan.Zero, TimeSpan.FromSeconds(10), errors);
        if (options.RetryDelayMin > options.RetryDelayMax)
        {
            errors.Add($"{EtcdOptions.SectionName}:RetryDelayMin is '{options.RetryDelayMin:c}'; it must not exceed RetryDelayMax, which is '{options.RetryDelayMax:c}'.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void CheckEndpoints(EtcdOptions options, List<string> errors)
    {
        foreach (var endpoint in options.EndpointList().Where(endpoint => !IsEndpoint(endpoint)))
        {
            errors.Add($"{EtcdOptions.SectionName}:Endpoints holds '{endpoint}'; write each etcd member as 'http://host:2379' and separate them by commas.");
        }
    }

    private static bool IsEndpoint(string endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && uri is { Host.Length: > 0, PathAndQuery: "/", UserInfo: "", Fragment: "" };

    private static void CheckCredentials(EtcdOptions options, List<string> errors)
    {
        errors.AddRange(options.Tls.FindErrors(EtcdOptions.SectionName, options.KeyFile));
        if (options.PasswordFile.Length > 0 && SecretFile.FindError($"{EtcdOptions.SectionName}:PasswordFile", options.PasswordFile) is { } error)
        {
            errors.Add(error);
        }

        if (options.User.Length == 0 && (options.Password.Length > 0 || options.PasswordFile.Length > 0))
        {
            errors.Add($"{EtcdOptions.SectionName} has a password, but User is empty; name the user it belongs to.");
        }

        if (options.Tls.IsSet && options.EndpointList().FirstOrDefault(endpoint => endpoint.StartsWith("http:", StringComparison.OrdinalIgnoreCase)) is { } plain)
        {
            errors.Add($"{EtcdOptions.SectionName}:Endpoints holds '{plain}', but there are certificates for TLS; write 'https://', or leave them out.");
        }
    }

    private static void CheckPrefix(EtcdOptions options, List<string> errors)
    {
        var prefix = options.ServicePrefix;
        if (prefix.Length < 2 || prefix[0] != '/' || prefix[^1] != '/' || prefix.Contains("//", StringComparison.Ordinal))
        {
            errors.Add($"{EtcdOptions.SectionName}:ServicePrefix is '{prefix}'; start and end it with a slash, as in '/service/'.");
        }
    }

    private static void CheckSpan(string setting, TimeSpan value, TimeSpan min, TimeSpan max, List<string> errors)
    {
        if (value < min || value > max)
        {
            errors.Add($"{EtcdOptions.SectionName}:{setting} is '{value:c}'; use a time from '{min:c}' to '{max:c}', written as hours:minutes:seconds.");
        }
    }
}
