
namespace Gateway.Notify.Delivery;

/// <summary>One event on its way to sockets, serialized once for all of them.</summary>
/// <param name="Id">Tells a repetition from a new event.</param>
/// <param name="Body">The NotifyMessage, byte for byte what plain clients receive.</param>
/// <param name="PublishedAt">When it was handed to the hub, in Unix milliseconds of the node that took it.</param>
internal sealed record HubEvent(Guid Id, ReadOnlyMemory<byte> Body, long PublishedAt);
