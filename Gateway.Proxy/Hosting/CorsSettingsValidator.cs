using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Hosting;

internal sealed class CorsSettingsValidator : IValidateOptions<CorsSettings>
{
    public const string AnyOrigin = "*";

    public ValidateOptionsResult Validate(string? name, CorsSettings options)
    {
        List<string> errors = [];
        if (options.AllowedOrigins.Contains(AnyOrigin) && options.AllowedOrigins.Count > 1)
        {
            errors.Add($"{CorsSettings.SectionName}:AllowedOrigins has '{AnyOrigin}' beside other origins; keep the one or the others.");
        }

        foreach (var origin in options.AllowedOrigins.Where(origin => origin != AnyOrigin && !IsOrigin(origin)))
        {
            errors.Add($"{CorsSettings.SectionName}:AllowedOrigins has '{origin}'; use scheme and host alone, as in 'https://chat.example.com'.");
        }

        if (options.PreflightMaxAge < TimeSpan.Zero || options.PreflightMaxAge > TimeSpan.FromDays(1))
        {
            errors.Add($"{CorsSettings.SectionName}:PreflightMaxAge is '{options.PreflightMaxAge}'; use '00:00:00' to '1.00:00:00'.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && uri.UserInfo.Length == 0
        && string.Equals(text, uri.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase);
}
