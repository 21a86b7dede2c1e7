using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Upstream;

/// <summary>What a call asks.</summary>
/// <param name="Path">The path of the method: <c>/package.Service/Method</c>.</param>
/// <param name="Message">What is there of the message.</param>
/// <param name="Remainder">What is still to come of it; null when it is whole.</param>
/// <param name="Timeout">How long the instance has for it; null for no limit.</param>
/// <param name="Authority">The host it is for; null for that of the destination.</param>
/// <param name="Headers">Further fields of the request's header: names in lower case, and values.</param>
/// <param name="OnHeaders">Is shown the whole header of the answer, before anything is made of it; null where nobody asks for that.</param>
internal readonly record struct UpstreamRequest(
    string Path,
    ReadOnlySequence<byte> Message,
    BodyRemainder? Remainder,
    TimeSpan? Timeout,
    string? Authority,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    Func<HttpResponseMessage, ValueTask<bool>>? OnHeaders = null)
{
    /// <summary>The length of the whole message, in bytes; null when nobody knows.</summary>
    public long? Length => Remainder is null ? Message.Length : Message.Length + Remainder.Length;
}
