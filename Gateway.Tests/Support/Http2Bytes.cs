using System.Buffers.Binary;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>HTTP/2 (RFC 9113) as bytes, for those who write it frame by frame, also such frames as no library would.</summary>
internal static class Http2Bytes
{
    public const int EndStream = 1;
    public const int Ack = 1;
    public const int EndHeaders = 4;
    public const int Padded = 8;

    /// <summary>The longest payload that may be sent to somebody who has not allowed more.</summary>
    public const int MaxFrame = 16384;

    /// <summary>What a client sends first.</summary>
    public static ReadOnlyMemory<byte> Preface { get; } = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    public static byte[] Frame(Http2FrameType type, int flags, int stream, params byte[] payload) =>
        [.. Number(payload.Length)[1..], (byte)type, (byte)flags, .. Number(stream), .. payload];

    /// <summary>Header fields as HPACK's plainest literals (RFC 7541, section 6.2.2), so that nothing of them is remembered.</summary>
    public static byte[] Fields(params (string Name, string Value)[] fields) =>
        [.. fields.SelectMany(field => (byte[])[0, .. Literal(field.Name), .. Literal(field.Value)])];

    public static byte[] Number(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>A string that is not Huffman-coded, one byte for each character.</summary>
    private static byte[] Literal(string text)
    {
        const int Prefix = 127;
        List<byte> length = [(byte)Math.Min(text.Length, Prefix)];
        if (text.Length >= Prefix)
        {
            var rest = text.Length - Prefix;
            for (; rest >= 128; rest >>= 7)
            {
                length.Add((byte)(0x80 | (rest & 0x7F)));
            }

            length.Add((byte)rest);
        }

        return [.. length, .. Encoding.Latin1.GetBytes(text)];
    }
}
