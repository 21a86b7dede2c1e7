namespace Gateway.Transforms.Upstream.Http2;

/// <summary>Hears the fields of a header block.</summary>
internal interface IHeaderSink
{
    /// <summary>A field. The spans are good until the method returns; an exception leaves the decoder within the piece, useless.</summary>
    void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);
}

/// <summary>
/// Reads header blocks (RFC 7541) of one direction of one connection, in pieces of any size. What is held is the same whatever a peer
/// sends: the table, and the beginnings of one name and one value.
/// </summary>
internal sealed class HpackDecoder
{
    /// <summary>The longest string handed out, in bytes; a longer one is cut to it. Longer than the table, so an entry that was cut is never in it.</summary>
    public const int MaxStringLength = 8 << 10;

    /// <summary>The most bytes of the dynamic table, as a peer takes it to be that is told nothing else (RFC 9113 section 6.5.2).</summary>
    public const int MaxTableSize = 4096;

    private readonly HeaderTable _table = new();
    private readonly HpackString _name = new();
    private readonly HpackString _value = new();
    private HpackInteger _head;
    private Representation _representation;
    private Part _part = Part.Head;
    private bool _mayResize = true;

    /// <summary>Where the name stands in the tables; 0 when it is <see cref="_name"/>.</summary>
    private int _nameIndex;

    /// <summary>The ways in which section 6 represents a field; the table is told or not, which is all that differs among literals.</summary>
    private enum Representation : byte
    {
        Indexed,
        LiteralAdded,
        TableSize,
        Literal,
    }

    private enum Part : byte
    {
        Head,
        Name,
        Value,
    }

    /// <summary>Reads a piece of a block (the payload of HEADERS or CONTINUATION); a field that is cut by the piece's end is carried over.</summary>
    /// <exception cref="HpackException">Nobody can read this connection's headers any more.</exception>
    public void Decode(ReadOnlySpan<byte> piece, IHeaderSink sink)
    {
        while (!piece.IsEmpty)
        {
            switch (_part)
            {
                case Part.Head:
                    ReadHead(ref piece, sink);
                    break;
                case Part.Name when _name.TryRead(ref piece):
                    _part = Part.Value;
                    break;
                case Part.Value when _value.TryRead(ref piece):
                    EndLiteral(sink);
                    break;
            }
        }
    }

    /// <summary>The block is over; the decoder is ready for the next one.</summary>
    /// <exception cref="HpackException">The block ends within a field.</exception>
    public void End()
    {
        if (_part != Part.Head || _head.IsBegun)
        {
            throw new HpackException("A header block ends within a field.");
        }

        _mayResize = true;
    }

    /// <summary>The first bytes of a field say how it is represented, and a number: an index, or the size of the table (section 6).</summary>
    private void ReadHead(ref ReadOnlySpan<byte> piece, IHeaderSink sink)
    {
        var prefix = 0;
        if (!_head.IsBegun)
        {
            (_representation, prefix) = piece[0] switch
            {
                >= 0x80 => (Representation.Indexed, 7),
                >= 0x40 => (Representation.LiteralAdded, 6),
                >= 0x20 => (Representation.TableSize, 5),
                _ => (Representation.Literal, 4),
            };
            RequireOrder();
        }

        if (!_head.TryRead(ref piece, prefix, out var number))
        {
            return;
        }

        switch (_representation)
        {
            case Representation.Indexed:
                _table.Find(number, out var name, out var value);
                sink.OnHeader(name, value);
                break;
            case Representation.TableSize:
                _table.Resize(number);
                break;
            default:
                _nameIndex = number;
                _part = number > 0 ? Part.Value : Part.Name;
                break;
        }
    }

    /// <summary>The table is resized at the beginning of a block alone (section 4.2).</summary>
    private void RequireOrder()
    {
        if (_representation != Representation.TableSize)
        {
            _mayResize = false;
        }
        else if (!_mayResize)
        {
            throw new HpackException("A header block resizes the table behind a field.");
        }
    }

    private void EndLiteral(IHeaderSink sink)
    {
        var name = _name.Bytes;
        if (_nameIndex > 0)
        {
            _table.Find(_nameIndex, out name, out _);
        }

        sink.OnHeader(name, _value.Bytes);
        if (_representation == Representation.LiteralAdded)
        {
            _table.Add(name, _value.Bytes);
        }

        _part = Part.Head;
    }
}

/// <summary>A header block breaks the rules of RFC 7541. The tables of the two sides may differ from now on, so the connection is of no more use.</summary>
internal sealed class HpackException(string message) : IOException(message);
