using System.Text;
using Gateway.Transforms.Wire;

namespace Gateway.Transforms.Upstream.Brpc;

/// <summary>Writes the header and the meta of requests.</summary>
internal readonly ref struct BrpcRequest
{
    // Fields of RpcMeta, and of RpcRequestMeta within. All tags are one byte.
    private const byte Request = (1 << 3) | WireTag.LengthDelimited;
    private const byte TimeoutMilliseconds = (8 << 3) | WireTag.Varint;
    private const byte CorrelationId = (4 << 3) | WireTag.Varint;
    private const byte UserFields = (9 << 3) | WireTag.LengthDelimited;

    // Of an entry of a map.
    private const byte Key = (1 << 3) | WireTag.LengthDelimited;
    private const byte Value = (2 << 3) | WireTag.LengthDelimited;

    private readonly ReadOnlySpan<byte> _names;
    private readonly IReadOnlyList<KeyValuePair<string, string>> _fields;
    private readonly ulong _timeout;
    private readonly ulong _id;
    private readonly long _message;
    private readonly int _requestLength;
    private readonly int _metaLength;

    public BrpcRequest(BrpcMethod method, in UpstreamRequest request, long id)
    {
        _names = method.Names.Span;
        _fields = request.Fields;
        _timeout = request.Timeout is { } timeout ? (ulong)Math.Clamp(Math.Ceiling(timeout.TotalMilliseconds), 1, int.MaxValue) : 0;
        _id = (ulong)id;
        _message = request.Length!.Value;
        _requestLength = _names.Length + (_timeout == 0 ? 0 : 1 + WireValue.VarintSize(_timeout));
        _metaLength = TextSize(_requestLength) + 1 + WireValue.VarintSize(_id);
        for (var i = 0; i < _fields.Count; i++)
        {
            _metaLength += TextSize(EntrySize(_fields[i]));
        }
    }

    /// <summary>How long it is, in bytes.</summary>
    public int Length => BrpcFrame.HeaderBytes + _metaLength;

    /// <exception cref="OverflowException">The message is longer than a frame may be.</exception>
    public void Write(Span<byte> target)
    {
        BrpcFrame.Write(target, _metaLength, _message);
        target = target[BrpcFrame.HeaderBytes..];
        WriteHead(ref target, Request, _requestLength);
        _names.CopyTo(target);
        target = target[_names.Length..];
        if (_timeout != 0)
        {
            WriteNumber(ref target, TimeoutMilliseconds, _timeout);
        }

        WriteNumber(ref target, CorrelationId, _id);
        for (var i = 0; i < _fields.Count; i++)
        {
            var (name, value) = _fields[i];
            WriteHead(ref target, UserFields, EntrySize(_fields[i]));
            WriteText(ref target, Key, name);
            WriteText(ref target, Value, value);
        }
    }

    private static int TextSize(int length) => 1 + WireValue.VarintSize((uint)length) + length;

    private static int EntrySize(KeyValuePair<string, string> field) =>
        TextSize(Encoding.UTF8.GetByteCount(field.Key)) + TextSize(Encoding.UTF8.GetByteCount(field.Value));

    private static void WriteNumber(ref Span<byte> target, byte tag, ulong number)
    {
        target[0] = tag;
        target = target[1..];
        WireValue.WriteVarint(ref target, number);
    }

    private static void WriteHead(ref Span<byte> target, byte tag, int length) => WriteNumber(ref target, tag, (uint)length);

    private static void WriteText(ref Span<byte> target, byte tag, string text)
    {
        WriteHead(ref target, tag, Encoding.UTF8.GetByteCount(text));
        target = target[Encoding.UTF8.GetBytes(text, target)..];
    }
}
