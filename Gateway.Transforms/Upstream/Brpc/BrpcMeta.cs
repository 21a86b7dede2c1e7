using System.Text;
using Gateway.Transforms.Wire;

namespace Gateway.Transforms.Upstream.Brpc;

/// <summary>
/// What an answer says of itself, as far as the gateway reads it, by the rules of parsers: of a field that is there twice the last counts, and
/// unknown ones are passed over. Source: https://github.com/apache/brpc/blob/master/src/brpc/policy/baidu_rpc_meta.proto.
/// </summary>
internal readonly ref struct BrpcMeta
{
    private const int Response = 2;
    private const int Compression = 3;
    private const int Correlation = 4;
    private const int Attachment = 5;
    private const int UserFields = 9;

    // Of the message RpcResponseMeta.
    private const int Code = 1;
    private const int Text = 2;

    // Of an entry of a map.
    private const int Key = 1;
    private const int Value = 2;

    /// <summary>The most bytes of added fields that are kept.</summary>
    private const int MaxKept = 64 << 10;

    private readonly ReadOnlySpan<byte> _bytes;

    public BrpcMeta(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
        IsSound = true;
        var reader = new SpanFieldReader(bytes);
        while (reader.Read())
        {
            switch (reader.Field)
            {
                case (Response, WireTag.LengthDelimited):
                    var response = new SpanFieldReader(reader.Bytes);
                    while (response.Read())
                    {
                        if (response.Field is (Code, WireTag.Varint))
                        {
                            ErrorCode = (int)response.Number;
                        }
                        else if (response.Field is (Text, WireTag.LengthDelimited))
                        {
                            ErrorText = response.Bytes;
                        }
                    }

                    IsSound &= response.IsSound;
                    break;
                case (Compression, WireTag.Varint):
                    CompressType = (int)reader.Number;
                    break;
                case (Correlation, WireTag.Varint):
                    CorrelationId = (long)reader.Number;
                    break;
                case (Attachment, WireTag.Varint):
                    AttachmentSize = (int)reader.Number;
                    break;
                default:
                    break;
            }
        }

        IsSound &= reader.IsSound;
    }

    /// <summary>All of it could be read. What could not be lies behind the rest.</summary>
    public bool IsSound { get; }

    /// <summary>Whose answer it is; null when it does not say.</summary>
    public long? CorrelationId { get; }

    /// <summary>Why the call failed; zero when it did not.</summary>
    public int ErrorCode { get; }

    /// <summary>The same in words, in UTF-8.</summary>
    public ReadOnlySpan<byte> ErrorText { get; }

    /// <summary>How the message is compressed; zero for not at all.</summary>
    public int CompressType { get; }

    /// <summary>How many bytes behind the message do not belong to it.</summary>
    public int AttachmentSize { get; }

    /// <summary>The fields that the sub-service has added and that can be headers: one that HTTP cannot carry would spoil the whole response.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ReadUserFields()
    {
        List<KeyValuePair<string, string>> fields = [];
        var left = MaxKept;
        var reader = new SpanFieldReader(_bytes);
        while (reader.Read())
        {
            if (reader.Field is (UserFields, WireTag.LengthDelimited) && (left -= reader.Bytes.Length) >= 0 && ReadEntry(reader.Bytes) is { } entry)
            {
                fields.Add(entry);
            }
        }

        return fields;
    }

    private static KeyValuePair<string, string>? ReadEntry(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> value = default;
        var reader = new SpanFieldReader(bytes);
        while (reader.Read())
        {
            if (reader.Field is (Key, WireTag.LengthDelimited))
            {
                key = reader.Bytes;
            }
            else if (reader.Field is (Value, WireTag.LengthDelimited))
            {
                value = reader.Bytes;
            }
        }

        return !key.IsEmpty && IsPrintable(key) && IsPrintable(value) ? new(Encoding.ASCII.GetString(key), Encoding.ASCII.GetString(value)) : null;
    }

    private static bool IsPrintable(ReadOnlySpan<byte> text) => !text.ContainsAnyExceptInRange((byte)' ', (byte)'~');
}
