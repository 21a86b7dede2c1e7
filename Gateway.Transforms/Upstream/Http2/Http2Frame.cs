using System.Buffers.Binary;

namespace Gateway.Transforms.Upstream.Http2;

/// <summary>The nine bytes before a frame: RFC 9113, section 4.1.</summary>
/// <param name="Length">Of what follows, in bytes.</param>
/// <param name="Type">One of the numbers below, or one that nobody knows.</param>
/// <param name="Flags">What they mean depends on the type.</param>
/// <param name="Stream">Zero for the connection.</param>
internal readonly record struct Http2Frame(int Length, byte Type, byte Flags, int Stream)
{
    public const int HeaderBytes = 9;

    /// <summary>What a peer may send in one frame as long as nobody has said otherwise, and the gateway says nothing.</summary>
    public const int MaxLength = 16 << 10;

    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte RstStream = 3;
    public const byte Settings = 4;
    public const byte PushPromise = 5;
    public const byte Ping = 6;
    public const byte GoAway = 7;
    public const byte WindowUpdate = 8;
    public const byte Continuation = 9;

    public const byte Ack = 1;
    public const byte EndStream = 1;
    public const byte EndHeaders = 4;
    public const byte Padded = 8;
    public const byte HasPriority = 32;

    public static Http2Frame Read(ReadOnlySpan<byte> bytes) => new(
        (bytes[0] << 16) | (bytes[1] << 8) | bytes[2],
        bytes[3],
        bytes[4],
        ReadNumber(bytes[5..]));

    public static void Write(Span<byte> bytes, int length, byte type, byte flags, int stream)
    {
        bytes[0] = (byte)(length >> 16);
        bytes[1] = (byte)(length >> 8);
        bytes[2] = (byte)length;
        bytes[3] = type;
        bytes[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(bytes[5..], stream);
    }

    /// <summary>A number of 31 bits. The bit before it means nothing.</summary>
    public static int ReadNumber(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt32BigEndian(bytes) & int.MaxValue;

    public bool Has(byte flag) => (Flags & flag) != 0;
}

/// <summary>Why a stream or a connection ends: RFC 9113, section 7.</summary>
internal static class Http2Code
{
    public const int None = 0;
    public const int Protocol = 1;
    public const int Internal = 2;
    public const int FlowControl = 3;
    public const int FrameSize = 6;
    public const int RefusedStream = 7;
    public const int Cancel = 8;
    public const int Compression = 9;
    public const int EnhanceYourCalm = 11;

    private static readonly string[] Names =
    [
        "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
        "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
    ];

    /// <summary>As people read it in a log.</summary>
    public static string NameOf(uint code) => code < Names.Length ? Names[code] : $"error {code}";
}
