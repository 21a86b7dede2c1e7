using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Routes;

/// <summary>Where a request may show its session or token: part of section <c>Gateway:Sessions</c>. A route may say others.</summary>
public sealed class SessionSourceOptions
{
    public const string SectionName = "Gateway:Sessions";

    /// <summary>
    /// <c>Body</c>: the field of the message, of a socket its first message. <c>Bearer</c>: <c>Authorization: Bearer …</c>. <c>Header:name</c> and
    /// <c>Cookie:name</c>: the header and the cookie of that name; a cookie counts only of a page that is allowed. Default <c>Body</c> alone.
    /// </summary>
    public IList<string> Sources { get; init; } = [];
}

internal sealed class SessionSourceOptionsValidator : IValidateOptions<SessionSourceOptions>
{
    public ValidateOptionsResult Validate(string? name, SessionSourceOptions options)
    {
        List<string> errors = [];
        SessionSources.Parse($"{SessionSourceOptions.SectionName}:{nameof(options.Sources)}", options.Sources, errors);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}

/// <summary>The sources of a session, parsed.</summary>
internal sealed class SessionSources
{
    private const string Body = "Body";
    private const string Bearer = "Bearer";
    private const string Header = "Header:";
    private const string Cookie = "Cookie:";

    private SessionSources(bool hasBody, IReadOnlyList<SessionSource> outside) => (HasBody, Outside) = (hasBody, outside);

    public static SessionSources BodyAlone { get; } = new(hasBody: true, []);

    /// <summary>Whether the message may hold the session.</summary>
    public bool HasBody { get; }

    /// <summary>Where else it may be.</summary>
    public IReadOnlyList<SessionSource> Outside { get; }

    /// <summary>Reads a list of sources; an empty one is <see cref="BodyAlone"/>.</summary>
    /// <param name="at">What the list is called, at the beginning of each sentence.</param>
    /// <param name="texts">The list.</param>
    /// <param name="errors">Takes the mistakes.</param>
    public static SessionSources Parse(string at, IEnumerable<string> texts, ICollection<string> errors)
    {
        List<SessionSource> all = [];
        foreach (var text in texts)
        {
            if (!TryParse(text, out var source))
            {
                errors.Add($"{at} has '{text}'; use '{Body}', '{Bearer}', '{Header}' with the name of a header, or '{Cookie}' with the name of a cookie.");
            }
            else if (all.Contains(source))
            {
                errors.Add($"{at} has '{text}' twice; keep one of them.");
            }
            else
            {
                all.Add(source);
            }
        }

        return all is [] or [{ Kind: SessionSourceKind.Body }] ? BodyAlone
            : new(all.Exists(source => source.Kind == SessionSourceKind.Body), [.. all.Where(source => source.Kind != SessionSourceKind.Body)]);
    }

    private static bool TryParse(string text, [NotNullWhen(true)] out SessionSource? source)
    {
        source = text switch
        {
            Body => new(SessionSourceKind.Body, ""),
            Bearer => new(SessionSourceKind.Bearer, ""),
            _ when Named(text, Header) is { } name => new(SessionSourceKind.Header, name.ToLowerInvariant()),
            _ when Named(text, Cookie) is { } name => new(SessionSourceKind.Cookie, name),
            _ => null,
        };
        return source is not null;
    }

    private static string? Named(string text, string kind) =>
        text.StartsWith(kind, StringComparison.Ordinal) && HeaderName.IsValid(text[kind.Length..]) ? text[kind.Length..] : null;
}

/// <summary>One of the places where a session may be.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">The name of the header or cookie.</param>
internal sealed record SessionSource(SessionSourceKind Kind, string Name);

internal enum SessionSourceKind
{
    Body,
    Bearer,
    Header,
    Cookie,
}

/// <summary>A name of a header, or of a cookie: a token of RFC 9110, section 5.6.2.</summary>
internal static class HeaderName
{
    private const string Marks = "!#$%&'*+-.^_`|~";

    public static bool IsValid(string name) => name.Length > 0 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || Marks.Contains(letter));
}
