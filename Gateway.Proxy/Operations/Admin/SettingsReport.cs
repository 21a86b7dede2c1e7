using System.Text.RegularExpressions;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Settings;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>The settings that the gateway was started with, the defaults among them. Who may look at the gateway need not know its passwords.</summary>
internal sealed partial class SettingsReport(StartSettings settings, KnownSettings known)
{
    public IReadOnlyList<SettingReport> List()
    {
        var written = settings.Settings.Where(setting => setting.Value is { Length: > 0 }).Select(setting =>
            new SettingReport(setting.Key, Show(setting.Key, setting.Value!), settings.Origins.OfSetting(setting.Key)));
        // Of a list or an object that is written somewhere, nothing is left at a default.
        var defaults = known.Defaults().Where(setting => !settings.Settings.Any(other => other.Value is { Length: > 0 } && IsWithin(other.Key, setting.Key)))
            .Select(setting => new SettingReport(setting.Key, Show(setting.Key, setting.Value), null));
        return [.. written.Concat(defaults).OrderBy(setting => setting.Setting, ConfigurationKeyComparer.Instance)];
    }

    internal static string Show(string key, string value) =>
        value.Length > 0 && Secret().IsMatch(key) ? Secrets.Hidden : Secrets.HideIn(value);

    private static bool IsWithin(string key, string path) =>
        key.StartsWith(path, StringComparison.OrdinalIgnoreCase) && (key.Length == path.Length || key[path.Length] == ':');

    /// <summary>So settings that hold a secret themselves are called; a file that holds one ends in <c>File</c>.</summary>
    [GeneratedRegex("(Password|Token|Secret)$", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}

/// <summary>A setting of the section Gateway.</summary>
/// <param name="Setting">Its whole path.</param>
/// <param name="Value">As it is written; <c>(hidden)</c> in the place of a secret.</param>
/// <param name="Source">The file that it is written in, or the kind of source; null for a default.</param>
internal sealed record SettingReport(string Setting, string Value, string? Source);
