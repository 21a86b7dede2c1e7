using System.Buffers;
using System.Buffers.Binary;
using Gateway.Transforms.Wire;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// The five bytes before a message in gRPC: a compression flag and the length, big-endian. Source: "Length-Prefixed-Message" in
/// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
/// </summary>
internal static class GrpcFrame
{
    public const int HeaderBytes = 5;

    /// <summary>The message with its header before it. The message is not copied.</summary>
    public static ReadOnlySequence<byte> Wrap(in ReadOnlySequence<byte> message)
    {
        var header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(1), (uint)message.Length);
        return new SequenceBuilder().Append(header).Append(message).Build();
    }

    /// <summary>Reads a header. False for a flag that is neither 0 nor 1.</summary>
    public static bool TryRead(ReadOnlySpan<byte> header, out bool compressed, out uint length)
    {
        compressed = header[0] == 1;
        length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        return header[0] <= 1;
    }
}
