using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Upstream.Http2;

/// <summary>
/// Writes the header blocks of requests to one destination: HPACK (RFC 7541) without a table of its own, so that no block depends on another.
/// What is the same for all calls of a method is written once.
/// </summary>
/// <param name="destination">Its scheme and authority go into the blocks.</param>
internal sealed class RequestHeaders(Uri destination)
{
    // Indexes of the static table: RFC 7541, appendix A.
    private const byte MethodPost = 0x80 | 3;
    private const byte SchemeHttp = 0x80 | 6;
    private const byte SchemeHttps = 0x80 | 7;
    private const byte Authority = 1;
    private const byte Path = 4;
    private const byte ContentType = 31;

    private readonly ConcurrentDictionary<string, byte[]> _heads = new(StringComparer.Ordinal);

    /// <summary>The block of a request.</summary>
    public ReadOnlySpan<byte> Write(in UpstreamRequest request, ref byte[] scratch)
    {
        var writer = new Writer(ref scratch);
        writer.Write(request.Authority is { } authority ? Head(request.Path, authority) : _heads.GetOrAdd(request.Path, Head, destination.Authority));
        if (request.Timeout is { } timeout)
        {
            Span<byte> text = stackalloc byte[GrpcTimeout.MaxLength];
            writer.Field("grpc-timeout"u8, text[..GrpcTimeout.Format(timeout, text)]);
        }

        for (var i = 0; i < request.Headers.Count; i++)
        {
            var (name, value) = request.Headers[i];
            writer.Field(name, value);
        }

        return writer.Written;
    }

    private byte[] Head(string path, string authority)
    {
        var bytes = new byte[256];
        var writer = new Writer(ref bytes);
        writer.Write([MethodPost, destination.Scheme == Uri.UriSchemeHttps ? SchemeHttps : SchemeHttp]);
        writer.Field(Authority, authority);
        writer.Field(Path, destination.AbsolutePath.TrimEnd('/') + path);
        writer.Field(ContentType, RpcContent.GrpcType);
        writer.Field("te"u8, "trailers");
        writer.Field("grpc-accept-encoding"u8, "identity");
        return writer.Written.ToArray();
    }

    /// <summary>Literal fields that enter no table, and integers of RFC 7541, section 5.1.</summary>
    private ref struct Writer(ref byte[] bytes)
    {
        private const int ShortName = 15;
        private const int ShortString = 127;

        private ref byte[] _bytes = ref bytes;
        private int _length;

        public readonly ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

        public void Write(scoped ReadOnlySpan<byte> piece)
        {
            if (_bytes.Length - _length < piece.Length)
            {
                Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + piece.Length));
            }

            piece.CopyTo(_bytes.AsSpan(_length));
            _length += piece.Length;
        }

        public void Field(int name, string value)
        {
            Integer(name, ShortName);
            Text(value);
        }

        public void Field(string name, string value)
        {
            Integer(0, ShortName);
            Text(name);
            Text(value);
        }

        public void Field(scoped ReadOnlySpan<byte> name, string value)
        {
            Name(name);
            Text(value);
        }

        public void Field(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
        {
            Name(name);
            Integer(value.Length, ShortString);
            Write(value);
        }

        private void Name(scoped ReadOnlySpan<byte> name)
        {
            Integer(0, ShortName);
            Integer(name.Length, ShortString);
            Write(name);
        }

        private void Text(string value)
        {
            var length = Encoding.Latin1.GetByteCount(value);
            Integer(length, ShortString);
            Span<byte> text = length <= 256 ? stackalloc byte[256] : new byte[length];
            Write(text[..Encoding.Latin1.GetBytes(value, text)]);
        }

        private void Integer(int value, int most)
        {
            if (value < most)
            {
                Write([(byte)value]);
                return;
            }

            Write([(byte)most]);
            for (value -= most; value >= 0x80; value >>= 7)
            {
                Write([(byte)(value | 0x80)]);
            }

            Write([(byte)value]);
        }
    }
}

/// <summary>The header grpc-timeout: at most eight digits and a unit. Source: the gRPC HTTP/2 protocol, "Timeout".</summary>
internal static class GrpcTimeout
{
    private const int MostDigits = 99_999_999;

    /// <summary>The most bytes that it takes.</summary>
    public const int MaxLength = 9;

    /// <summary>In milliseconds, rounded up; never below one, because a sub-service may read zero as "none".</summary>
    /// <returns>How many bytes were written.</returns>
    public static int Format(TimeSpan timeout, Span<byte> text)
    {
        Milliseconds(timeout).TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        text[length] = (byte)'m';
        return length + 1;
    }

    private static int Milliseconds(TimeSpan timeout) => (int)Math.Clamp((long)Math.Ceiling(timeout.TotalMilliseconds), 1, MostDigits);
}
