namespace Gateway.Transforms.Events;

/// <summary>Takes notifications to the sockets of their recipients, wherever those are.</summary>
public interface IEventPublisher
{
    /// <summary>
    /// Accepts one notification for delivery, and has written its bytes before anything is waited for. Notifications accepted one after
    /// another reach a recipient in that order.
    /// </summary>
    Task PublishAsync(Notification notification, CancellationToken cancellationToken);
}

/// <summary>One event to be pushed, and whom to: every socket of every recipient.</summary>
/// <param name="recipients">User ids, each once.</param>
/// <param name="type">What the event is called in metrics and logs.</param>
/// <param name="length">How many bytes it has.</param>
/// <param name="write">Writes them.</param>
public sealed class Notification(IReadOnlyList<string> recipients, string type, int length, Action<Memory<byte>> write)
{
    public IReadOnlyList<string> Recipients => recipients;

    public string Type => type;

    public int Length => length;

    /// <summary>Writes the event into memory of its length. What it is made of goes when the call is over, so whoever takes it writes it at once.</summary>
    public void WriteTo(Memory<byte> target) => write(target);
}
