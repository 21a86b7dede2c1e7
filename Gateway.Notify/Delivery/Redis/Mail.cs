using System.Globalization;
using Gateway.Notify.Protocol;
using StackExchange.Redis;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>An entry of a mailbox, as Redis keeps it.</summary>
/// <param name="Number">Its place in the mailbox.</param>
/// <param name="Call">Which call of this node it comes from; 0 for another node's.</param>
/// <param name="Body">The event id by which the body has to be fetched; empty for none.</param>
/// <param name="Letter">What it says; null for what this version does not know.</param>
internal sealed record Mail(long Number, long Call, string Body, Letter? Letter)
{
    public static Mail Parse(RedisResult entry, string node)
    {
        var number = long.Parse(((string)entry[0]!).AsSpan(..^2), CultureInfo.InvariantCulture);
        try
        {
            return Parse(number, (RedisResult[])entry[1]!, node);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or IndexOutOfRangeException or OverflowException or InvalidCastException)
        {
            // Of another version, perhaps: it is passed over, so that those behind it are read.
            return new Mail(number, 0, "", null);
        }
    }

    private static Mail Parse(long number, RedisResult[] fields, string node)
    {
        switch ((string?)fields[0])
        {
            case "e":
                var meta = ((string)fields[1]!).Split(' ');
                var colon = meta[0].LastIndexOf(':');
                var call = meta[0].AsSpan(0, colon).SequenceEqual(node) ? long.Parse(meta[0].AsSpan(colon + 1), CultureInfo.InvariantCulture) : 0;
                var hubEvent = HubEvent.Of(Guid.Empty, ((ReadOnlyMemory<byte>)(RedisValue)fields[3]).Span, long.Parse(meta[1], CultureInfo.InvariantCulture));
                var recipients = Enumerable.Range(0, (fields.Length - 4) / 2)
                    .Select(i => new Recipient((string)fields[4 + (2 * i)]!, ulong.Parse((string)fields[5 + (2 * i)]!, CultureInfo.InvariantCulture)));
                return new Mail(number, call, meta[2], new Letter.Event(hubEvent, [.. recipients]));
            case "k":
                return new Mail(number, 0, "", new Letter.Kick((string)fields[3]!, [(string)fields[1]!]));
            case "d":
                return new Mail(number, 0, "", new Letter.Disconnect((string)fields[5]!, (string?)fields[1] == "all" ? null : (string)fields[3]!));
            default:
                return new Mail(number, 0, "", null);
        }
    }
}
