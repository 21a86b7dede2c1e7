using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Events;

internal sealed class EventOptionsValidator : IValidateOptions<EventOptions>
{
    private static readonly TimeSpan Min = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(10);

    public ValidateOptionsResult Validate(string? name, EventOptions options)
    {
        List<string> errors = [];
        Check(nameof(options.LookUpTimeout), options.LookUpTimeout);
        Check(nameof(options.PublishTimeout), options.PublishTimeout);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check(string setting, TimeSpan value)
        {
            if (value < Min || value > Max)
            {
                errors.Add($"{EventOptions.SectionName}:{setting} is '{value}'; use '{Min}' to '{Max}'.");
            }
        }
    }
}
