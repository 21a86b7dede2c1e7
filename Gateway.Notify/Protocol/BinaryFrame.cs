using System.Buffers.Binary;

namespace Gateway.Notify.Protocol;

/// <summary>
/// A whole binary message as one WebSocket frame (RFC 6455, section 5.2). What a server sends is not masked, so one frame serves any number
/// of sockets.
/// </summary>
internal static class BinaryFrame
{
    private const byte FinalBinary = 0x82;
    private const byte LengthInTwoBytes = 126;
    private const byte LengthInEightBytes = 127;
    private const int ShortHeader = 2;

    public static byte[] Of(ReadOnlySpan<byte> payload)
    {
        var frame = new byte[HeaderLength(payload.Length) + payload.Length];
        payload.CopyTo(frame.AsSpan(WriteHeader(frame, payload.Length)));
        return frame;
    }

    public static int HeaderLength(int payloadLength) => payloadLength switch
    {
        < LengthInTwoBytes => ShortHeader,
        <= ushort.MaxValue => ShortHeader + sizeof(ushort),
        _ => ShortHeader + sizeof(ulong),
    };

    /// <summary>Writes what comes before the payload; returns where that begins.</summary>
    public static int WriteHeader(Span<byte> frame, int payloadLength)
    {
        var length = HeaderLength(payloadLength);
        frame[0] = FinalBinary;
        switch (length)
        {
            case ShortHeader:
                frame[1] = (byte)payloadLength;
                break;
            case ShortHeader + sizeof(ushort):
                frame[1] = LengthInTwoBytes;
                BinaryPrimitives.WriteUInt16BigEndian(frame[ShortHeader..], (ushort)payloadLength);
                break;
            default:
                frame[1] = LengthInEightBytes;
                BinaryPrimitives.WriteUInt64BigEndian(frame[ShortHeader..], (ulong)payloadLength);
                break;
        }

        return length;
    }
}
