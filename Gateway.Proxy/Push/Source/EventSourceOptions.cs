using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Push.Source;

/// <summary>Events that other services put ready-made into the Redis of the gateway: section <c>Gateway:EventSource</c>.</summary>
public sealed class EventSourceOptions
{
    public const string SectionName = "Gateway:EventSource";

    internal const string Placeholder = "{user_id}";

    /// <summary>
    /// The channels on which events are published, by the user they are for, as <c>z:notify:{user_id}</c>; a message is the event's bytes. What is published while a
    /// gateway has no connection to Redis is lost to its sockets. Default empty: none are listened to.
    /// </summary>
    public string Channels { get; set; } = "";

    /// <summary>
    /// The key of a stream to which events are added, with the fields <c>user</c> (any number of them) and <c>message</c>. An entry stays there until it has been
    /// told. Default empty: none is read.
    /// </summary>
    public string Stream { get; set; } = "";

    /// <summary>The consumer group of all gateways; it is made where it is missing. Default <c>gateway</c>.</summary>
    public string Group { get; set; } = "gateway";

    /// <summary>How many entries are read at a time. Default 64; 1 to 1000.</summary>
    public int Batch { get; set; } = 64;

    /// <summary>How long an entry may have been with a gateway before another takes it over. Default 30 seconds; 1 second to 1 hour.</summary>
    public TimeSpan ClaimAfter { get; set; } = TimeSpan.FromSeconds(30);
}

internal sealed class EventSourceOptionsValidator : IValidateOptions<EventSourceOptions>
{
    private const string Section = EventSourceOptions.SectionName;

    public ValidateOptionsResult Validate(string? name, EventSourceOptions options)
    {
        var errors = new SettingErrors(Section);
        if (options.Channels.Length > 0 && options.Channels.Split(EventSourceOptions.Placeholder) is not [{ Length: > 0 }, _])
        {
            errors.Add($"{Section}:Channels is '{options.Channels}'; write a name with '{EventSourceOptions.Placeholder}' in it once, and something before that, as 'z:notify:{EventSourceOptions.Placeholder}'.");
        }

        if (options.Group.Length == 0)
        {
            errors.Add($"{Section}:Group is empty; name the consumer group of the gateways, as 'gateway'.");
        }

        errors.CheckNumber(nameof(options.Batch), options.Batch, 1, 1_000);
        errors.CheckTime(nameof(options.ClaimAfter), options.ClaimAfter, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        return errors.Result;
    }
}
