using System.Text;
using Gateway.Transforms.Wire;

namespace Gateway.Transforms.Upstream.Brpc;

/// <summary>Writes the header and the meta of requests.</summary>
internal readonly ref struct BrpcRequest
{
    // Fields of RpcMeta, and of RpcRequestMeta within.
    private const int Request = 1;
    private const int TimeoutMilliseconds = 8;
    private const int CorrelationId = 4;
    private const int UserFields = 9;

    // Of an entry of a map.
    private const int Key = 1;
    private const int Value = 2;

    private readonly ReadOnlySpan<byte> _names;
    private readonly IReadOnlyList<KeyValuePair<string, string>> _headers;
    private readonly ulong _timeout;
    private readonly ulong _id;
    private readonly long _message;
    private readonly int _requestLength;
    private readonly int _metaLength;

    public BrpcRequest(BrpcMethod method, in UpstreamRequest request, long id)
    {
        _names = method.Names.Span;
        _headers = request.Headers;
        _timeout = request.Timeout is { } timeout ? (ulong)Math.Clamp(Math.Ceiling(timeout.TotalMilliseconds), 1, int.MaxValue) : 0;
        _id = (ulong)id;
        _message = request.Length!.Value;
        _requestLength = _names.Length + (_timeout == 0 ? 0 : WireValue.NumberSize(TimeoutMilliseconds, _timeout));
        _metaLength = WireValue.FieldSize(Request, _requestLength) + WireValue.NumberSize(CorrelationId, _id);
        for (var i = 0; i < _headers.Count; i++)
        {
            _metaLength += WireValue.FieldSize(UserFields, EntrySize(_headers[i]));
        }
    }

    /// <summary>How long it is, in bytes.</summary>
    public int Length => BrpcFrame.HeaderBytes + _metaLength;

    /// <exception cref="OverflowException">The message is longer than a frame may be.</exception>
    public void Write(Span<byte> target)
    {
        BrpcFrame.Write(target, _metaLength, _message);
        target = target[BrpcFrame.HeaderBytes..];
        WireValue.WriteHead(ref target, Request, _requestLength);
        _names.CopyTo(target);
        target = target[_names.Length..];
        if (_timeout != 0)
        {
            WireValue.WriteNumber(ref target, TimeoutMilliseconds, _timeout);
        }

        WireValue.WriteNumber(ref target, CorrelationId, _id);
        for (var i = 0; i < _headers.Count; i++)
        {
            var (name, value) = _headers[i];
            WireValue.WriteHead(ref target, UserFields, EntrySize(_headers[i]));
            WriteText(ref target, Key, name);
            WriteText(ref target, Value, value);
        }
    }

    private static int EntrySize(KeyValuePair<string, string> field) =>
        WireValue.FieldSize(Key, Encoding.UTF8.GetByteCount(field.Key)) + WireValue.FieldSize(Value, Encoding.UTF8.GetByteCount(field.Value));

    private static void WriteText(ref Span<byte> target, int field, string text)
    {
        WireValue.WriteHead(ref target, field, Encoding.UTF8.GetByteCount(text));
        target = target[Encoding.UTF8.GetBytes(text, target)..];
    }
}
