using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Identity;

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

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
