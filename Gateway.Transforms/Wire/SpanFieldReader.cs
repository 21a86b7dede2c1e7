namespace Gateway.Transforms.Wire;

/// <summary>Reads the fields of a small message that lies in one piece, one by one, by the rules of <see cref="FieldReader"/>, which reads one that lies in many.</summary>
internal ref struct SpanFieldReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _left = message;

    /// <summary>The field's number, and how it is written.</summary>
    public (int Number, int WireType) Field { get; private set; }

    /// <summary>Its value, if that is a number of variable length.</summary>
    public ulong Number { get; private set; }

    /// <summary>Its value otherwise.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Nothing has been read that is no field.</summary>
    public bool IsSound { get; private set; } = true;

    /// <summary>Reads the next field; false when there is none.</summary>
    public bool Read()
    {
        if (_left.IsEmpty || !IsSound)
        {
            return false;
        }

        return IsSound = TryReadTag() && TryReadValue();
    }

    private bool TryReadTag()
    {
        if (!TryReadVarint(WireTag.MaxBytes, out var tag) || !WireTag.TryRead(tag, out var number, out var wireType, out _))
        {
            return false;
        }

        Field = (number, wireType);
        return true;
    }

    private bool TryReadValue()
    {
        ulong length;
        switch (Field.WireType)
        {
            case WireTag.Varint:
                var isRead = TryReadVarint(WireTag.MaxVarintBytes, out var value);
                Number = value;
                return isRead;
            case WireTag.Fixed64:
                length = sizeof(ulong);
                break;
            case WireTag.Fixed32:
                length = sizeof(uint);
                break;
            default:
                if (!TryReadVarint(WireTag.MaxBytes, out length))
                {
                    return false;
                }

                break;
        }

        if (length > (ulong)_left.Length)
        {
            return false;
        }

        Bytes = _left[..(int)length];
        _left = _left[(int)length..];
        return true;
    }

    private bool TryReadVarint(int maxBytes, out ulong value)
    {
        value = 0;
        for (var i = 0; i < Math.Min(maxBytes, _left.Length); i++)
        {
            value |= (ulong)(_left[i] & 0x7F) << (7 * i);
            if (_left[i] < 0x80)
            {
                _left = _left[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
