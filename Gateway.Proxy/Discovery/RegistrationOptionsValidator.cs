using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Discovery;

internal sealed class RegistrationOptionsValidator(IOptions<EtcdOptions> etcd) : IValidateOptions<RegistrationOptions>
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    public ValidateOptionsResult Validate(string? name, RegistrationOptions options)
    {
        if (options.Service.Length == 0)
        {
            return ValidateOptionsResult.Success;
        }

        var errors = new List<string>();
        if (!InstanceParser.IsServiceName(options.Service))
        {
            errors.Add($"{RegistrationOptions.SectionName}:Service is '{options.Service}'; use a name as in 'notify_service'.");
        }

        if (!Uri.TryCreate($"http://{options.Address}", UriKind.Absolute, out var uri) || uri.Authority != options.Address)
        {
            errors.Add($"{RegistrationOptions.SectionName}:Address is '{options.Address}'; write where others reach this gateway, as in '10.0.0.7:9001'.");
        }

        if (options.TimeToLive < Shortest || options.TimeToLive > Longest)
        {
            errors.Add($"{RegistrationOptions.SectionName}:TimeToLive is '{options.TimeToLive:c}'; use a time from '{Shortest:c}' to '{Longest:c}', written as hours:minutes:seconds.");
        }

        if (etcd.Value.EndpointList().Length == 0)
        {
            errors.Add($"{RegistrationOptions.SectionName}:Service is '{options.Service}', but {EtcdOptions.SectionName}:Endpoints is empty; name the etcd to register in.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
