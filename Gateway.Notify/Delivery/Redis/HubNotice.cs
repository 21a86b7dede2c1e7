using System.Text;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>
/// What comes over a user's channel: <c>E epoch sequence id at elsewhere</c>, a line feed and the event's bytes; <c>K</c> and the ids of
/// connections that make room for another; or <c>D</c> and a session, or nothing for all, whose sockets are to be closed.
/// </summary>
internal abstract record HubNotice
{
    private const byte Space = (byte)' ';

    /// <summary>Null for what this version does not know.</summary>
    public static HubNotice? Parse(ReadOnlyMemory<byte> message)
    {
        var end = message.Span.IndexOf((byte)'\n');
        var head = end < 0 ? message : message[..end];
        if (head.Length < 2 || head.Span[1] != Space)
        {
            return null;
        }

        var rest = head[2..];
        return (char)head.Span[0] switch
        {
            'E' when end >= 0 => ParseEvent(rest.Span, message.Span[(end + 1)..]),
            'K' => new Kick(Encoding.ASCII.GetString(rest.Span).Split(' ')),
            'D' => new Disconnect(rest.IsEmpty ? null : Encoding.UTF8.GetString(rest.Span)),
            _ => null,
        };
    }

    public static string DisconnectMessage(string? sessionId) => $"D {sessionId}";

    private static Event? ParseEvent(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        var fields = Encoding.ASCII.GetString(head).Split(' ');
        return fields.Length == 5
            && ulong.TryParse(fields[1], out var sequence)
            && Guid.TryParseExact(fields[2], "N", out var id)
            && long.TryParse(fields[3], out var at)
            ? new Event(new FeedPosition(fields[0], sequence), HubEvent.Of(id, body, at), fields[4] == "1")
            : null;
    }

    public sealed record Event(FeedPosition Position, HubEvent HubEvent, bool IsElsewhere) : HubNotice;

    public sealed record Kick(IReadOnlyCollection<string> ConnectionIds) : HubNotice;

    public sealed record Disconnect(string? SessionId) : HubNotice;
}
