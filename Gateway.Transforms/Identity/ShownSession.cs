using Gateway.Transforms.Routes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Transforms.Identity;

/// <summary>Says which pages may use the cookies that browsers add to their requests by themselves. The host provides it.</summary>
public interface ICookieOrigins
{
    /// <summary>Whether the request comes from a page that is allowed. One that does not say where it comes from does not.</summary>
    bool Admits(HttpRequest request);
}

/// <summary>The session or token that a request shows outside of its body.</summary>
/// <param name="Session">The one; null for none.</param>
/// <param name="Problem">Why it does not count, in a few words for the log; null when it does.</param>
/// <param name="IsAmbiguous">Whether the problem is that there are two.</param>
internal readonly record struct ShownSession(string? Session, string? Problem = null, bool IsAmbiguous = false)
{
    public const string TwoSessions = "two sessions that differ";

    private const string Scheme = "Bearer ";

    /// <summary>Whether there is neither a session nor a problem.</summary>
    public bool IsNothing => Session is null && Problem is null;

    /// <param name="request">The request.</param>
    /// <param name="sources">Where to look.</param>
    /// <param name="cookies">Which pages may use cookies; null for none.</param>
    public static ShownSession Read(HttpRequest request, SessionSources sources, ICookieOrigins? cookies) =>
        Read(request, sources, () => cookies?.Admits(request) is true);

    /// <param name="request">The request.</param>
    /// <param name="sources">Where to look.</param>
    /// <param name="admitsCookie">Whether the page may use cookies.</param>
    public static ShownSession Read(HttpRequest request, SessionSources sources, Func<bool> admitsCookie)
    {
        string? session = null;
        foreach (var source in sources.Outside)
        {
            foreach (var shown in Values(request, source))
            {
                if (source.Kind == SessionSourceKind.Cookie && !admitsCookie())
                {
                    // A page of anybody could have its visitors' browsers send it: https://owasp.org/www-community/attacks/csrf.
                    return new(null, "the cookie of a session, from a page that is not allowed");
                }

                if (session is not null && session != shown)
                {
                    return new(null, TwoSessions, IsAmbiguous: true);
                }

                session = shown;
            }
        }

        return new(session);
    }

    private static IEnumerable<string> Values(HttpRequest request, SessionSource source) => source.Kind switch
    {
        SessionSourceKind.Bearer => Texts(request.Headers.Authorization)
            .Where(text => text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)).Select(text => text[Scheme.Length..].Trim()),
        SessionSourceKind.Header => Texts(request.Headers[source.Name]).Select(text => text.Trim()).Where(text => text.Length > 0),
        _ => Cookies(request.Headers.Cookie, source.Name),
    };

    private static IEnumerable<string> Texts(StringValues values) => values.Where(text => text is not null)!;

    /// <summary>All of the name: what the framework gives of several is the last, and another host of the same site may have set it.</summary>
    private static IEnumerable<string> Cookies(StringValues headers, string name) =>
        from header in Texts(headers)
        from pair in header.Split(';')
        let at = pair.IndexOf('=', StringComparison.Ordinal)
        where at > 0 && pair.AsSpan(0, at).Trim().SequenceEqual(name)
        let value = pair[(at + 1)..].Trim()
        where value.Length > 0
        select value is ['"', .. var inner, '"'] ? inner : value;
}
