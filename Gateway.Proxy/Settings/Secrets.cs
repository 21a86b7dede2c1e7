using System.Text.RegularExpressions;

namespace Gateway.Proxy.Settings;

/// <summary>Hides what is secret in a value, before somebody reads it who may not know it: in the log, at the management port, or in the output of a pipeline.</summary>
internal static partial class Secrets
{
    public const string Hidden = "(hidden)";

    public static string HideIn(string value) => Secret().Replace(value, Hidden);

    /// <summary>The password of a Redis configuration; what stands before the host of an address, which may itself hold slashes and @; and what follows its question mark.</summary>
    [GeneratedRegex(@"(?<=\bpassword\s*=\s*)[^,\s][^,]*|(?:(?<=://)|(?<![^\s,])(?!\w+://))[^\s,]+(?=@)|(?<=://[^\s,?]*\?)[^\s,]+", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}
