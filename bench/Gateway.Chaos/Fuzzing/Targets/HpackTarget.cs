using System.Text;
using Gateway.Transforms.Upstream.Http2;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>
/// The header blocks that a sub-service sends on one connection. However they are divided, the same fields are heard as by a plainer
/// reader, up to the same block, which both refuse.
/// </summary>
internal sealed class HpackTarget : IFuzzTarget
{
    public string Name => "hpack";

    public IReadOnlyList<byte[]> Words => [];

    public bool Accepts(byte[] input, Dice dice)
    {
        var (blocks, fields, isRefused) = PlainHpackReader.Read(input);
        EnsureReadAlike(blocks.Select(block => (IEnumerable<ReadOnlyMemory<byte>>)[block]), fields, isRefused, "whole");
        EnsureReadAlike(blocks.Select(block => Pieces.Of(block, dice)), fields, isRefused, "divided");
        return !isRefused;
    }

    private static void EnsureReadAlike(
        IEnumerable<IEnumerable<ReadOnlyMemory<byte>>> blocks, IReadOnlyList<(string Name, string Value)> expected, bool isRefused, string how)
    {
        var decoder = new HpackDecoder();
        var heard = new HeardFields();
        string? problem = null;
        try
        {
            foreach (var block in blocks)
            {
                foreach (var piece in block)
                {
                    decoder.Decode(piece.Span, heard);
                }

                decoder.End();
            }
        }
        catch (HpackException refused)
        {
            problem = refused.Message;
        }

        DisagreementException.Unless(heard.SequenceEqual(expected), $"{how}, {heard.Count} fields are heard, plainly {expected.Count}, or others");
        DisagreementException.Unless(isRefused == problem is not null, $"{how}, it is refused for '{problem}', and plainly it is{(isRefused ? "" : " not")}");
    }

    private sealed class HeardFields : List<(string Name, string Value)>, IHeaderSink
    {
        public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Add((Encoding.Latin1.GetString(name), Encoding.Latin1.GetString(value)));
    }
}
