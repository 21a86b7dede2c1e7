using Gateway.Notify;
using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Hosting;

/// <summary>Which web pages of other origins may call the gateway: section <c>Gateway:Cors</c>.</summary>
public sealed class CorsSettings
{
    public const string SectionName = "Gateway:Cors";

    /// <summary>
    /// Origins of the web (<c>https://chat.example.com</c>) or of apps (<c>capacitor://localhost</c>), <c>null</c> for pages without one,
    /// or a single <c>*</c> for any. Default none: only pages of the gateway's own origin can call it.
    /// </summary>
    public IList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Whether their requests may carry cookies, for <c>Cookie:</c> in <c>Gateway:Sessions:Sources</c>. Default false.</summary>
    public bool AllowCredentials { get; set; }

    /// <summary>How long a browser may remember the answer to a preflight. Default 1 hour.</summary>
    public TimeSpan PreflightMaxAge { get; set; } = TimeSpan.FromHours(1);
}

internal sealed class CorsSettingsValidator : IValidateOptions<CorsSettings>
{
    public ValidateOptionsResult Validate(string? name, CorsSettings options)
    {
        var errors = new SettingErrors(CorsSettings.SectionName);
        errors.AddRange(AllowedOrigins.FindErrors($"{CorsSettings.SectionName}:AllowedOrigins", options.AllowedOrigins));
        if (options.AllowCredentials && options.AllowedOrigins.Contains("*"))
        {
            errors.Add($"{CorsSettings.SectionName}:AllowCredentials is 'true', but AllowedOrigins is '*'; name the origins whose pages may use cookies.");
        }

        errors.CheckTime(nameof(options.PreflightMaxAge), options.PreflightMaxAge, TimeSpan.Zero, TimeSpan.FromDays(1));
        return errors.Result;
    }
}
