using Gateway.Protocol;

namespace Gateway.Transforms.Events;

/// <summary>One message to be pushed, and whom to: every socket of every recipient.</summary>
/// <param name="Recipients">User ids, each once.</param>
/// <param name="Message">What they are told.</param>
public sealed record Notification(IReadOnlyList<string> Recipients, NotifyMessage Message);
