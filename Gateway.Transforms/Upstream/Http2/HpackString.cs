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

/// <summary>A number of RFC 7541 section 5.1, which may come byte by byte.</summary>
internal struct HpackInteger
{
    /// <summary>31 bits need no more bytes behind the first one, and more of them would be zeros without end.</summary>
    private const int MaxShift = 28;

    private long _value;
    private int _shift;

    /// <summary>A part of it was read.</summary>
    public bool IsBegun { get; private set; }

    /// <summary>Reads on; false when the piece ends within the number.</summary>
    /// <param name="piece">Not empty; moved behind what was read.</param>
    /// <param name="prefix">How many bits of the first byte are of the number. Of no meaning once it is begun.</param>
    /// <param name="value">The number, once it is whole.</param>
    /// <exception cref="HpackException">It is larger than anything here can be.</exception>
    public bool TryRead(ref ReadOnlySpan<byte> piece, int prefix, out int value)
    {
        if (!IsBegun)
        {
            var most = (1 << prefix) - 1;
            value = piece[0] & most;
            piece = piece[1..];
            if (value < most)
            {
                return true;
            }

            (_value, _shift, IsBegun) = (most, 0, true);
        }

        value = 0;
        while (!piece.IsEmpty)
        {
            var next = piece[0];
            piece = piece[1..];
            _value += (long)(next & 0x7F) << _shift;
            if (next < 0x80 && _value <= int.MaxValue)
            {
                value = (int)_value;
                IsBegun = false;
                return true;
            }

            _shift += 7;
            if (_shift > MaxShift || _value > int.MaxValue)
            {
                throw new HpackException("A header block has a number above 31 bits.");
            }
        }

        return false;
    }
}
