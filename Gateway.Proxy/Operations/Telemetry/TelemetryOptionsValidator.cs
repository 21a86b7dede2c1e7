using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Operations.Telemetry;

internal sealed class TelemetryOptionsValidator : IValidateOptions<TelemetryOptions>
{
    public ValidateOptionsResult Validate(string? name, TelemetryOptions options)
    {
        List<string> errors = [];
        if (options.OtlpEndpoint.Length > 0
            && !(Uri.TryCreate(options.OtlpEndpoint, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)))
        {
            errors.Add($"{TelemetryOptions.SectionName}:OtlpEndpoint is '{options.OtlpEndpoint}'; use 'http://host:4317', or nothing.");
        }

        if (options.TraceRatio is not (>= 0 and <= 1))
        {
            errors.Add($"{TelemetryOptions.SectionName}:TraceRatio is {options.TraceRatio}; use 0 (none) to 1 (all).");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
