using Gateway.Notify;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Hosting;

internal sealed class CorsSettingsValidator : IValidateOptions<CorsSettings>
{
    public ValidateOptionsResult Validate(string? name, CorsSettings options)
    {
        List<string> errors = [.. AllowedOrigins.FindErrors($"{CorsSettings.SectionName}:AllowedOrigins", options.AllowedOrigins)];
        if (options.PreflightMaxAge < TimeSpan.Zero || options.PreflightMaxAge > TimeSpan.FromDays(1))
        {
            errors.Add($"{CorsSettings.SectionName}:PreflightMaxAge is '{options.PreflightMaxAge}'; use '00:00:00' to '1.00:00:00'.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
