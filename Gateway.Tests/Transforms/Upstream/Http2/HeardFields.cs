using System.Text;
using Gateway.Transforms.Upstream.Http2;

namespace Gateway.Tests.Transforms.Upstream.Http2;

/// <summary>The fields of header blocks, a character for each byte.</summary>
internal sealed class HeardFields : List<(string Name, string Value)>, IHeaderSink
{
    public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Add((Encoding.Latin1.GetString(name), Encoding.Latin1.GetString(value)));

    /// <summary>What the next block says, which comes in pieces of this length.</summary>
    public static HeardFields Of(HpackDecoder decoder, byte[] block, int pieces = int.MaxValue)
    {
        var heard = new HeardFields();
        foreach (var piece in block.Chunk(Math.Min(pieces, Math.Max(block.Length, 1))))
        {
            decoder.Decode(piece, heard);
        }

        decoder.End();
        return heard;
    }
}
