using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Identity;

/// <summary>
/// What a session id looks like: part of section <c>Gateway:Sessions</c>. Anything else is refused before the store is asked, so
/// that a made-up id cannot name some other key of the store.
/// </summary>
public sealed class SessionIdOptions
{
    public const string SectionName = "Gateway:Sessions";

    /// <summary>The shortest id, in characters. Default 1.</summary>
    public int MinIdLength { get; set; } = 1;

    /// <summary>The longest id, in characters. Default 128; at most 1024.</summary>
    public int MaxIdLength { get; set; } = 128;

    /// <summary>
    /// The characters an id may have besides ASCII letters and digits. Default <c>-_</c>. Leave out whatever separates the
    /// parts of your keys, <c>:</c> above all. Printable ASCII only.
    /// </summary>
    public string IdPunctuation { get; set; } = "-_";

    /// <summary>The longest token; 0 where none are taken.</summary>
    internal int MaxTokenLength { get; private set; }

    /// <summary>Takes tokens beside session ids: three parts of base64url with dots between them, as JWTs are. For hosts whose store knows them.</summary>
    public void AcceptTokens(int maxLength) => MaxTokenLength = maxLength;
}

internal sealed class SessionIdOptionsValidator : IValidateOptions<SessionIdOptions>
{
    private const int LongestId = 1024;

    public ValidateOptionsResult Validate(string? name, SessionIdOptions options)
    {
        List<string> errors = [];
        if (options.MinIdLength < 1 || options.MinIdLength > LongestId)
        {
            errors.Add($"{SessionIdOptions.SectionName}:MinIdLength is {options.MinIdLength}; use 1 to {LongestId}.");
        }

        if (options.MaxIdLength < options.MinIdLength || options.MaxIdLength > LongestId)
        {
            errors.Add($"{SessionIdOptions.SectionName}:MaxIdLength is {options.MaxIdLength}; use MinIdLength ({options.MinIdLength}) to {LongestId}.");
        }

        if (options.IdPunctuation.AsSpan().IndexOfAnyExceptInRange('!', '~') is var at and >= 0)
        {
            errors.Add($"{SessionIdOptions.SectionName}:IdPunctuation holds the character U+{(int)options.IdPunctuation[at]:X4}; "
                + "use printable ASCII without spaces.");
        }

        if (options.MaxTokenLength > 0 && options.IdPunctuation.Contains('.', StringComparison.Ordinal))
        {
            errors.Add($"{SessionIdOptions.SectionName}:IdPunctuation holds '.', which tells a token from a session id; take it out, or take no tokens.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
