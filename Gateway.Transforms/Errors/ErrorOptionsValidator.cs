using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Errors;

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
