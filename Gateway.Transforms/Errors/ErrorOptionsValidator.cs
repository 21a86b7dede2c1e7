using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Errors;

internal sealed class ErrorOptionsValidator : IValidateOptions<ErrorOptions>
{
    public ValidateOptionsResult Validate(string? name, ErrorOptions options) =>
        options.DefaultLanguage is ErrorLanguage.EnglishTag or ErrorLanguage.ChineseTag
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{ErrorOptions.SectionName}:{nameof(options.DefaultLanguage)} is '{options.DefaultLanguage}'; "
                + $"use '{ErrorLanguage.EnglishTag}' or '{ErrorLanguage.ChineseTag}'.");
}
