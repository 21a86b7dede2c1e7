namespace Gateway.Transforms.Upstream.Http2;

/// <summary>
/// The code of RFC 7541 appendix B, read half a byte at a time. It is a canonical code, so the lengths say all of it. A state is a node
/// of its tree; a half byte leads to another one, past one symbol at most, since the shortest code has five bits.
/// </summary>
internal static class Huffman
{
    /// <summary>The state before a string: the root of the tree.</summary>
    public const byte Begin = 0;

    private const int MaxLength = 30;
    private const int EndOfString = 256;

    /// <summary>The most bits behind the last symbol (section 5.2).</summary>
    private const int MaxPadding = 7;

    private static readonly Move[] Moves = MovesOf(Tree());

    /// <summary>How many bits each byte has, and at last the end of a string.</summary>
    private static ReadOnlySpan<byte> Lengths =>
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    /// <summary>Decodes a part of a string; what does not fit in is read and dropped.</summary>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="HpackException">The string has the end of a string in it.</exception>
    public static int Decode(ReadOnlySpan<byte> part, ref byte state, Span<byte> to)
    {
        var count = 0;
        foreach (var next in part)
        {
            Take(next >> 4, ref state, to, ref count);
            Take(next & 0xF, ref state, to, ref count);
        }

        return count;
    }

    /// <summary>A string ends in this state: behind a symbol are less than eight bits, all of them ones (section 5.2).</summary>
    /// <exception cref="HpackException">It must not.</exception>
    public static void RequireEnd(byte state)
    {
        // The nodes of ones alone are the first ones.
        if (state > MaxPadding)
        {
            throw new HpackException("A Huffman string in a header block ends with the wrong padding.");
        }
    }

    private static void Take(int half, ref byte state, Span<byte> to, ref int count)
    {
        var move = Moves[(state << 4) | half];
        state = move.Next;
        if (move.Symbol < 0)
        {
            return;
        }

        if (move.Symbol == EndOfString)
        {
            throw new HpackException("A Huffman string in a header block has the end of a string within it.");
        }

        if (count < to.Length)
        {
            to[count++] = (byte)move.Symbol;
        }
    }

    /// <summary>The two children of every node: another node, or a symbol, as its complement.</summary>
    private static int[,] Tree()
    {
        var tree = new int[EndOfString, 2];
        // The way to the end of a string, which is nothing but ones: node n is behind n of them.
        var nodes = 1;
        for (; nodes < MaxLength; nodes++)
        {
            tree[nodes - 1, 1] = nodes;
        }

        var code = 0;
        for (var length = 1; length <= MaxLength; length++, code <<= 1)
        {
            for (var symbol = 0; symbol < Lengths.Length; symbol++)
            {
                if (Lengths[symbol] == length)
                {
                    Insert(symbol, code++, length);
                }
            }
        }

        return tree;

        void Insert(int symbol, int code, int length)
        {
            var node = 0;
            while (--length > 0)
            {
                ref var child = ref tree[node, (code >> length) & 1];
                node = child > 0 ? child : child = nodes++;
            }

            tree[node, code & 1] = ~symbol;
        }
    }

    private static Move[] MovesOf(int[,] tree)
    {
        var moves = new Move[EndOfString << 4];
        for (var at = 0; at < moves.Length; at++)
        {
            var (node, symbol) = (at >> 4, -1);
            for (var bit = 3; bit >= 0; bit--)
            {
                node = tree[node, (at >> bit) & 1];
                if (node < 0)
                {
                    (symbol, node) = (~node, 0);
                }
            }

            moves[at] = new Move((byte)node, (short)symbol);
        }

        return moves;
    }

    /// <summary>Where half a byte leads to, and the symbol that it ends; -1 for none.</summary>
    private readonly record struct Move(byte Next, short Symbol);
}
