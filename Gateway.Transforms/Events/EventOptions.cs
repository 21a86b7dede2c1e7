namespace Gateway.Transforms.Events;

/// <summary>How long an answer may wait for its events: section <c>Gateway:Events</c>.</summary>
public sealed class EventOptions
{
    public const string SectionName = "Gateway:Events";

    /// <summary>How long the user service has for the details an event shows. After that only the user id is told. Default 500 ms; 10 ms to 10 s.</summary>
    public TimeSpan LookUpTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long handing one call's notifications to the notify hub may take. Default 1 s; 10 ms to 10 s.</summary>
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(1);
}
