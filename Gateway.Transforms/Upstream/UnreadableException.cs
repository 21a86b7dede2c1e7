namespace Gateway.Transforms.Upstream;

/// <summary>What a peer sends makes everything that follows on its connection unreadable.</summary>
/// <param name="code">What the peer is told, in the numbers of its protocol.</param>
/// <param name="message">What was wrong.</param>
internal sealed class UnreadableException(int code, string message) : IOException(message)
{
    public int Code { get; } = code;
}
