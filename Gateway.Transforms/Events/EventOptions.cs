using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Events;

/// <summary>What events are, and how long an answer may wait for them: section <c>Gateway:Events</c>.</summary>
public sealed class EventOptions
{
    public const string SectionName = "Gateway:Events";

    private const string DefaultMessage = "NotifyMessage";

    /// <summary>The message that is pushed to clients: its name, with or without package. Default <c>NotifyMessage</c>.</summary>
    [AllowNull]
    public string Message { get; set => field = value ?? DefaultMessage; } = DefaultMessage;

    /// <summary>Whether constants of rules are written even if they are the default of their type, for clients that expect that. Default false.</summary>
    public bool ExplicitDefaults { get; set; }

    /// <summary>
    /// The fields of the event that an operator sends to try a socket, as in <c>Set</c> of a rule, constants alone: one that clients show nothing for. Empty, the
    /// default: there is none.
    /// </summary>
    public IDictionary<string, string> Test { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How long each look-up has, that of users' details among them. Default 500 ms; 10 ms to 10 s.</summary>
    public TimeSpan LookUpTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long handing one call's notifications to the notify hub may take. Default 1 s; 10 ms to 10 s.</summary>
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(1);
}

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
