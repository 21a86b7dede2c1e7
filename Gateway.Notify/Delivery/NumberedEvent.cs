namespace Gateway.Notify.Delivery;

/// <summary>An event and its place among the events of one user.</summary>
internal readonly record struct NumberedEvent(ulong Sequence, HubEvent Event);
