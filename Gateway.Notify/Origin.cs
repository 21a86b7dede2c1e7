using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Gateway.Notify;

/// <summary>Where a page comes from, in the one spelling that all others of the same place are compared by.</summary>
/// <param name="Text">As browsers send it: lower case, punycode, no usual port, no slash at the end.</param>
/// <param name="Host">The host in it; empty where there is none.</param>
internal sealed record Origin(string Text, string Host)
{
    private const string Opaque = "null";
    private const string Separator = "://";

    /// <summary>What no origin holds behind its scheme: path, query, user, wildcard.</summary>
    private static readonly SearchValues<char> Forbidden = SearchValues.Create("/\\?#@%*,;\"'<>");

    /// <summary>Origins of the web, of apps (<c>capacitor://localhost</c>, <c>app://</c>), and <c>null</c> of files and sandboxes.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Origin? origin)
    {
        text ??= "";
        origin = text == Opaque ? new Origin(Opaque, "") : null;
        var colon = text.IndexOf(Separator, StringComparison.Ordinal);
        if (colon <= 0 || !Uri.CheckSchemeName(text[..colon]))
        {
            return origin is not null;
        }

        var scheme = text[..colon].ToLowerInvariant();
        var place = text[(colon + Separator.Length)..].ToLowerInvariant();
        place = place.EndsWith('/') ? place[..^1] : place;
        if (!place.AsSpan().ContainsAny(Forbidden) && !place.Any(character => char.IsWhiteSpace(character) || char.IsControl(character)))
        {
            origin = scheme is "http" or "https" ? OfTheWeb(scheme, place) : OfAnApp(scheme, place);
        }

        return origin is not null;
    }

    private static Origin? OfTheWeb(string scheme, string place)
    {
        if (!Uri.TryCreate($"{scheme}{Separator}{place}", UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            return null;
        }

        // Brackets belong to an address of IPv6, and this property leaves them out.
        var host = uri.HostNameType == UriHostNameType.IPv6 ? uri.Host : uri.IdnHost;
        return new Origin($"{scheme}{Separator}{host}{(uri.IsDefaultPort ? "" : $":{uri.Port}")}", host);
    }

    /// <summary>What stands behind the scheme of an app is its own affair, and may be nothing.</summary>
    private static Origin? OfAnApp(string scheme, string place) =>
        place.All(char.IsAscii) ? new Origin($"{scheme}{Separator}{place}", place.Split(':')[0]) : null;
}
