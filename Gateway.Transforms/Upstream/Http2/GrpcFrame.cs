using System.Buffers.Binary;

namespace Gateway.Transforms.Upstream.Http2;

/// <summary>
/// The five bytes before a message in gRPC: a compression flag and the length, big-endian. Source: "Length-Prefixed-Message" in
/// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
/// </summary>
internal static class GrpcFrame
{
    public const int HeaderBytes = 5;

    /// <summary>Writes the header of an uncompressed message of this length.</summary>
    public static void WriteHeader(Span<byte> header, uint length)
    {
        header[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(header[1..], length);
    }

    /// <summary>Reads a header. False for a flag that is neither 0 nor 1.</summary>
    public static bool TryRead(ReadOnlySpan<byte> header, out bool compressed, out uint length)
    {
        compressed = header[0] == 1;
        length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        return header[0] <= 1;
    }
}
