namespace Gateway.Transforms.Events;

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
