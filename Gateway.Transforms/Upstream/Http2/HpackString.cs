namespace Gateway.Transforms.Upstream.Http2;

/// <summary>A string of RFC 7541 section 5.2, which may come byte by byte. Its beginning is kept, and used again for the next string.</summary>
internal sealed class HpackString
{
    private readonly byte[] _bytes = new byte[HpackDecoder.MaxStringLength];
    private int _count;
    private HpackInteger _length;
    private bool _hasLength;
    private bool _isHuffman;
    private byte _huffmanState;

    /// <summary>How much of it is to come, as it is encoded.</summary>
    private int _rest;

    /// <summary>The string that was read last, or the first <see cref="HpackDecoder.MaxStringLength"/> bytes of it.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _count);

    /// <summary>Reads on; false when the piece ends within the string.</summary>
    /// <param name="piece">Not empty; moved behind what was read.</param>
    /// <exception cref="HpackException">It is too long for anything, or not well encoded.</exception>
    public bool TryRead(ref ReadOnlySpan<byte> piece)
    {
        if (!_hasLength && !TryReadLength(ref piece))
        {
            return false;
        }

        var part = piece[..Math.Min(_rest, piece.Length)];
        piece = piece[part.Length..];
        _rest -= part.Length;
        Append(part);
        if (_rest > 0)
        {
            return false;
        }

        if (_isHuffman)
        {
            Huffman.RequireEnd(_huffmanState);
        }

        _hasLength = false;
        return true;
    }

    private bool TryReadLength(ref ReadOnlySpan<byte> piece)
    {
        if (!_length.IsBegun)
        {
            _isHuffman = piece[0] >= 0x80;
        }

        _hasLength = _length.TryRead(ref piece, prefix: 7, out _rest);
        (_count, _huffmanState) = (0, Huffman.Begin);
        return _hasLength;
    }

    private void Append(ReadOnlySpan<byte> part)
    {
        if (_isHuffman)
        {
            _count += Huffman.Decode(part, ref _huffmanState, _bytes.AsSpan(_count));
            return;
        }

        part = part[..Math.Min(part.Length, _bytes.Length - _count)];
        part.CopyTo(_bytes.AsSpan(_count));
        _count += part.Length;
    }
}
