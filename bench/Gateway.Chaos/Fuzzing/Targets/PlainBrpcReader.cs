using System.Buffers.Binary;
using System.Text;
using Gateway.Transforms.Upstream.Brpc;
using Gateway.Transforms.Verdicts;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>Reads baidu_std from the whole of what was sent, one field after another into lists, with no thought of speed.</summary>
internal static class PlainBrpcReader
{
    private const int HeaderBytes = 12;

    /// <param name="input">All that was sent.</param>
    /// <param name="calls">So many calls are under way, by the numbers 1 and up.</param>
    /// <param name="withFields">The number of the one that asks for what is added to its answer.</param>
    public static BrpcEnds Read(byte[] input, int calls, int withFields)
    {
        var ends = Enumerable.Repeat(BrpcEnds.Over, calls).ToArray();
        var isRefused = false;
        for (long at = 0; at < input.Length && !isRefused;)
        {
            var left = input.AsSpan((int)at);
            var begin = left[..Math.Min(4, left.Length)];
            if (Encoding.Latin1.GetString(begin) != "PRPC"[..begin.Length])
            {
                isRefused = true;
            }
            else if (left.Length < HeaderBytes)
            {
                break;
            }
            else
            {
                long body = BinaryPrimitives.ReadUInt32BigEndian(left[4..]);
                long meta = BinaryPrimitives.ReadUInt32BigEndian(left[8..]);
                isRefused = body > int.MaxValue || meta > body || meta > BrpcFrame.MaxMeta;
                if (isRefused || left.Length < HeaderBytes + meta)
                {
                    break;
                }

                var rest = left[(int)(HeaderBytes + meta)..];
                End(ends, left.Slice(HeaderBytes, (int)meta).ToArray(), rest[..(int)Math.Min(rest.Length, body - meta)].ToArray(), body - meta, withFields);
                at += HeaderBytes + body;
            }
        }

        return new BrpcEnds(ends, isRefused);
    }

    /// <param name="ends">Of the calls.</param>
    /// <param name="meta">What is said of an answer.</param>
    /// <param name="rest">What has come of message and attachment.</param>
    /// <param name="length">How long these are.</param>
    /// <param name="withFields">The call that asks for fields.</param>
    private static void End(string[] ends, byte[] meta, byte[] rest, long length, int withFields)
    {
        var (fields, isSound) = Fields(meta);
        if (fields.LastOrDefault(field => field is { Number: 4, Value: not null }) is not { } number
            || (long)number.Value! is var id && (id < 1 || id > ends.Length || ends[id - 1] != BrpcEnds.Over))
        {
            return;
        }

        var code = 0;
        foreach (var response in fields.Where(field => field is { Number: 2, Bytes: not null }))
        {
            var (inner, isInnerSound) = Fields(response.Bytes!);
            isSound &= isInnerSound;
            code = inner.LastOrDefault(field => field is { Number: 1, Value: not null }) is { } told ? (int)told.Value! : code;
        }

        var compression = Last(fields, 3);
        var attached = Last(fields, 5);
        if (!isSound)
        {
            ends[id - 1] = BrpcEnds.Failure(nameof(VerdictKind.Garbled), null);
        }
        else if (code != 0)
        {
            var kind = code == 1008 ? VerdictKind.Slow : code is 1011 or 2003 or 2004 ? VerdictKind.Unavailable : VerdictKind.Answered;
            ends[id - 1] = BrpcEnds.Failure(kind.ToString(), $"brpc error {code}");
        }
        else if (attached < 0 || attached > length)
        {
            ends[id - 1] = BrpcEnds.Failure(nameof(VerdictKind.Garbled), null);
        }
        else if (compression != 0)
        {
            ends[id - 1] = BrpcEnds.Failure(nameof(VerdictKind.Answered), null);
        }
        else if (rest.Length >= length - attached)
        {
            ends[id - 1] = BrpcEnds.Answered(rest.AsSpan(0, (int)(length - attached)), id == withFields ? [.. fields.SelectMany(Added)] : []);
        }
    }

    private static int Last(List<Field> fields, int number) => (int)(fields.LastOrDefault(field => field.Number == number && field.Value is not null)?.Value ?? 0);

    private static IEnumerable<KeyValuePair<string, string>> Added(Field field)
    {
        if (field is not { Number: 9, Bytes: { } entry })
        {
            yield break;
        }

        var inner = Fields(entry).Fields;
        var name = inner.LastOrDefault(part => part is { Number: 1, Bytes: not null })?.Bytes ?? [];
        var value = inner.LastOrDefault(part => part is { Number: 2, Bytes: not null })?.Bytes ?? [];
        if (name.Length > 0 && name.Concat(value).All(character => character is >= 0x20 and <= 0x7E))
        {
            yield return new(Encoding.ASCII.GetString(name), Encoding.ASCII.GetString(value));
        }
    }

    /// <summary>The fields, as far as they can be read, and whether that is all the way.</summary>
    private static (List<Field> Fields, bool IsSound) Fields(byte[] message)
    {
        List<Field> fields = [];
        var at = 0;
        while (at < message.Length)
        {
            if (Number(message, ref at, 5) is not { } tag || tag > uint.MaxValue || tag >> 3 == 0)
            {
                return (fields, false);
            }

            var number = (int)(tag >> 3);
            if ((tag & 7) == 0)
            {
                if (Number(message, ref at, 10) is not { } value)
                {
                    return (fields, false);
                }

                fields.Add(new Field(number, value, null));
                continue;
            }

            ulong? length = (tag & 7) switch { 1 => 8UL, 2 => Number(message, ref at, 5), 5 => 4UL, _ => null };
            if (length is null || length > (ulong)(message.Length - at))
            {
                return (fields, false);
            }

            var bytes = message[at..(at + (int)length)];
            at += (int)length;
            fields.Add(new Field(number, null, (tag & 7) == 2 ? bytes : null));
        }

        return (fields, true);
    }

    private static ulong? Number(byte[] message, ref int at, int most)
    {
        ulong number = 0;
        for (var i = 0; i < most && at < message.Length; i++)
        {
            var next = message[at++];
            number |= (ulong)(next & 0x7F) << (7 * i);
            if ((next & 0x80) == 0)
            {
                return number;
            }
        }

        return null;
    }

    private sealed record Field(int Number, ulong? Value, byte[]? Bytes);
}
