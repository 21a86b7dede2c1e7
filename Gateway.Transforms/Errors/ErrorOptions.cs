using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Errors;

/// <summary>How failures are told to clients: section <c>Gateway:Errors</c>.</summary>
public sealed class ErrorOptions
{
    public const string SectionName = "Gateway:Errors";

    /// <summary>The language of errmsg for a client whose Accept-Language names neither: <c>en</c> (default) or <c>zh-CN</c>.</summary>
    public string DefaultLanguage { get; set; } = "en";

    /// <summary>Whether a failure is HTTP 200 with an error in the body (<c>Envelope</c>, default) or has a status of its own (<c>Http</c>).</summary>
    public StatusMode StatusMode { get; set; } = StatusMode.Envelope;
}

/// <summary>The HTTP status of a refused or failed call. The body is the same in both.</summary>
public enum StatusMode
{
    /// <summary>Always 200: deployed clients read no body of any other status.</summary>
    Envelope,

    /// <summary>400, 401, 413, 415, 502, 503 or 504, for clients that go by the status.</summary>
    Http,
}

internal sealed class ErrorOptionsValidator : IValidateOptions<ErrorOptions>
{
    public ValidateOptionsResult Validate(string? name, ErrorOptions options)
    {
        List<string> errors = [];
        if (options.DefaultLanguage is not (ErrorLanguage.EnglishTag or ErrorLanguage.ChineseTag))
        {
            errors.Add($"{ErrorOptions.SectionName}:{nameof(options.DefaultLanguage)} is '{options.DefaultLanguage}'; "
                + $"use '{ErrorLanguage.EnglishTag}' or '{ErrorLanguage.ChineseTag}'.");
        }

        if (!Enum.IsDefined(options.StatusMode))
        {
            errors.Add($"{ErrorOptions.SectionName}:{nameof(options.StatusMode)} is '{options.StatusMode}'; "
                + $"use '{nameof(StatusMode.Envelope)}' or '{nameof(StatusMode.Http)}'.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
