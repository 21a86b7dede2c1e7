namespace Gateway.Transforms.Upstream.Http2;

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
