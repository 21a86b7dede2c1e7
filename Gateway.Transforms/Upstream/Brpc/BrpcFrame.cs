using System.Buffers.Binary;

namespace Gateway.Transforms.Upstream.Brpc;

/// <summary>
/// A frame of baidu_std: these twelve bytes, what is said of the message (RpcMeta), the message, and bytes attached to it. Source:
/// https://github.com/apache/brpc/blob/master/docs/cn/baidu_std.md.
/// </summary>
/// <param name="Meta">How long RpcMeta is, in bytes.</param>
/// <param name="Rest">How long message and attachment are together.</param>
internal readonly record struct BrpcFrame(int Meta, int Rest)
{
    public const int HeaderBytes = 12;

    /// <summary>The longest RpcMeta. Sub-services may quote a request in the text of an error.</summary>
    public const int MaxMeta = 4 << 20;

    private static ReadOnlySpan<byte> Magic => "PRPC"u8;

    /// <summary>Reads the header; false while it is not whole.</summary>
    /// <exception cref="UnreadableException">It is none, so nobody knows where the next one begins.</exception>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out BrpcFrame frame)
    {
        frame = default;
        var begun = Math.Min(bytes.Length, Magic.Length);
        if (!bytes[..begun].SequenceEqual(Magic[..begun]))
        {
            throw new UnreadableException(
                0, "the sub-service does not answer in baidu_std; if it speaks gRPC or HTTP/1.1 alone, its cluster's metadata \"Protocol\" has to be \"grpc\" or \"http\"");
        }

        if (bytes.Length < HeaderBytes)
        {
            return false;
        }

        var body = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        var meta = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
        if (body > int.MaxValue || meta > Math.Min(body, MaxMeta))
        {
            throw new UnreadableException(0, $"the sub-service sends a frame of {body} bytes, of which {meta} are its RpcMeta");
        }

        frame = new BrpcFrame((int)meta, (int)(body - meta));
        return true;
    }

    /// <summary>Writes the header of a frame.</summary>
    /// <exception cref="OverflowException">A frame cannot be as long.</exception>
    public static void Write(Span<byte> target, int meta, long message)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt32BigEndian(target[4..], checked((uint)(meta + message)));
        BinaryPrimitives.WriteUInt32BigEndian(target[8..], (uint)meta);
    }
}
