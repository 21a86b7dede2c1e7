using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Discovery.Etcd;

/// <summary>Whether and as what this gateway registers itself in etcd, so that others can route sockets to it: section <c>Gateway:Registration</c>.</summary>
public sealed class RegistrationOptions
{
    public const string SectionName = "Gateway:Registration";

    /// <summary>The service to register under, as <c>notify_service</c>. Default empty: not at all.</summary>
    public string Service { get; set; } = "";

    /// <summary>Where others reach this gateway's sockets, as <c>10.0.0.7:9001</c>.</summary>
    public string Address { get; set; } = "";

    /// <summary>How long etcd keeps the entry of a gateway that has died. Default 10 seconds, from 3 seconds to 1 minute.</summary>
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromSeconds(10);
}

internal sealed class RegistrationOptionsValidator(IOptions<EtcdOptions> etcd) : IValidateOptions<RegistrationOptions>
{
    public ValidateOptionsResult Validate(string? name, RegistrationOptions options)
    {
        var errors = new SettingErrors(RegistrationOptions.SectionName);
        if (options.Service.Length == 0)
        {
            return errors.Result;
        }

        if (!InstanceParser.IsServiceName(options.Service))
        {
            errors.Add($"{RegistrationOptions.SectionName}:Service is '{options.Service}'; use a name as in 'notify_service'.");
        }

        if (!Uri.TryCreate($"http://{options.Address}", UriKind.Absolute, out var uri) || uri.Authority != options.Address)
        {
            errors.Add($"{RegistrationOptions.SectionName}:Address is '{options.Address}'; write where others reach this gateway, as in '10.0.0.7:9001'.");
        }

        errors.CheckTime(nameof(options.TimeToLive), options.TimeToLive, TimeSpan.FromSeconds(3), TimeSpan.FromMinutes(1), SettingErrors.WithItsForm);
        if (etcd.Value.EndpointList().Length == 0)
        {
            errors.Add($"{RegistrationOptions.SectionName}:Service is '{options.Service}', but {EtcdOptions.SectionName}:Endpoints is empty; name the etcd to register in.");
        }

        return errors.Result;
    }
}
