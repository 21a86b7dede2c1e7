using Microsoft.AspNetCore.Http;

namespace Gateway.Notify;

/// <summary>The pages that an operator lets in, by origin. The one judge of them, for calls as for sockets.</summary>
public sealed class AllowedOrigins
{
    private const string Any = "*";

    private readonly HashSet<string> _texts;

    /// <param name="settings">Origins in which <see cref="FindErrors"/> finds no mistake.</param>
    public AllowedOrigins(IEnumerable<string> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var all = settings.ToList();
        IsAny = all.Contains(Any);
        _texts = [.. all.Select(setting => Origin.TryParse(setting, out var origin) ? origin.Text : setting)];
    }

    /// <summary>Whether all pages are let in.</summary>
    public bool IsAny { get; }

    /// <summary>Whether no page is listed.</summary>
    public bool IsEmpty => _texts.Count == 0;

    /// <summary>Every mistake in a list of origins, as a sentence.</summary>
    /// <param name="setting">The name of the list.</param>
    /// <param name="origins">The list.</param>
    public static IEnumerable<string> FindErrors(string setting, IList<string> origins)
    {
        ArgumentNullException.ThrowIfNull(origins);
        if (origins.Contains(Any) && origins.Count > 1)
        {
            yield return $"{setting} has '{Any}' beside other origins; keep the one or the others.";
        }

        foreach (var origin in origins.Where(origin => origin != Any && !Origin.TryParse(origin, out _)))
        {
            yield return $"{setting} has '{origin}'; use scheme and host alone, as in 'https://chat.example.com' or 'capacitor://localhost', or 'null'.";
        }
    }

    /// <summary>Whether a page is let in.</summary>
    /// <param name="origin">What its browser says.</param>
    public bool Contains(string origin) => IsAny || (Origin.TryParse(origin, out var parsed) && _texts.Contains(parsed.Text));

    /// <summary>
    /// Whether a page may use the cookies that its browser adds by itself: one that is listed by name, or of the very host and port that is asked. Any page
    /// (<c>*</c>) and pages without an origin (<c>null</c>) are nobody in particular.
    /// </summary>
    public bool AdmitsCookie(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Origin.TryParse(request.Headers.Origin.ToString(), out var page) && page.Host.Length > 0
            && (_texts.Contains(page.Text) || page.Text.EndsWith($"://{request.Host.Value}", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Whether a page may open a socket. Browsers let any page connect anywhere and only say where it came from, so it is up to the server. Where no
    /// page is listed, those of the gateway's own host may.
    /// </summary>
    internal bool Admits(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        if (origin.Length == 0)
        {
            return true;
        }

        return IsEmpty
            ? Origin.TryParse(origin, out var page) && page.Host.Length > 0 && string.Equals(page.Host, request.Host.Host, StringComparison.OrdinalIgnoreCase)
            : Contains(origin);
    }
}
