using System.Globalization;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Upstream.Http2;

/// <summary>A call as a stream of HTTP/2. What headers and trailers say is known before the bytes that follow are shown.</summary>
internal sealed class Http2Call(Http2Connection connection) : UpstreamCall, IHeaderSink
{
    /// <summary>The most bytes of headers that are kept: what HPACK's table holds can be named again and again by a single byte.</summary>
    private const int MaxKept = 64 << 10;

    /// <summary>Several statuses are one that nobody can read.</summary>
    private const string SeveralStatuses = "several";

    private List<KeyValuePair<string, string>>? _headers;
    private int _kept;

    /// <summary>The HTTP status; zero before the headers have come.</summary>
    public int Status { get; private set; }

    /// <summary>Its content type; null when there is none.</summary>
    public string? ContentType { get; private set; }

    /// <summary>The encoding of its message; null when there is none.</summary>
    public string? Encoding { get; private set; }

    /// <summary>How the call went, as it was sent; null as long as that has not been said.</summary>
    public string? GrpcStatus { get; private set; }

    /// <summary>What is said of a failure, in percent encoding.</summary>
    public string? GrpcMessage { get; private set; }

    /// <summary>All headers, where <see cref="UpstreamCall.KeepsHeaders"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers => _headers ?? [];

    /// <summary>The headers have come; what comes now are trailers.</summary>
    public bool HasHeaders { get; set; }

    public override bool IsAnswered => HasHeaders;

    /// <summary>It was given up, and the peer has been told. Under the connection's lock.</summary>
    public bool IsReset { get; set; }

    /// <summary>The peer's window: how many bytes of the request it takes now.</summary>
    public long Window { get; set; }

    /// <summary>Bytes of the answer that were taken, and that no WINDOW_UPDATE has told the peer of.</summary>
    public int Credit { get; set; }

    /// <summary>Somebody waits for room to send.</summary>
    public TaskCompletionSource? Room { get; set; }

    public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (HasHeaders)
        {
            OnTrailer(name, value);
        }
        else if (name.SequenceEqual(":status"u8))
        {
            Status = value.Length == 3 && !value.ContainsAnyExceptInRange((byte)'0', (byte)'9') ? int.Parse(value, NumberStyles.None, null) : 0;
        }
        else if (name.SequenceEqual("content-type"u8))
        {
            ContentType ??= value.SequenceEqual("application/grpc"u8) ? RpcContent.GrpcType : Text(value);
        }
        else if (name.SequenceEqual("grpc-encoding"u8))
        {
            Encoding ??= value.SequenceEqual("identity"u8) ? "identity" : Text(value);
        }
        else
        {
            // An answer without a message has its trailers among its headers.
            OnTrailer(name, value);
        }

        if (KeepsHeaders && !HasHeaders && name is not [(byte)':', ..] && (_kept += name.Length + value.Length) <= MaxKept)
        {
            (_headers ??= []).Add(new(Text(name), Text(value)));
        }
    }

    /// <summary>What an interim answer has said is forgotten: RFC 9110, section 15.2.</summary>
    public void ForgetHeaders()
    {
        Status = 0;
        ContentType = Encoding = null;
        ForgetStatus();
        _headers = null;
        _kept = 0;
    }

    /// <summary>A status in the headers counts only where no message follows: otherwise that of the trailers does.</summary>
    public void ForgetStatus() => GrpcStatus = GrpcMessage = null;

    public override ValueTask DisposeAsync() => connection.EndAsync(this);

    protected override void Taken(long count) => connection.Taken(this, count);

    protected override void ResetAnswer()
    {
        ForgetHeaders();
        HasHeaders = IsReset = false;
        Window = Credit = 0;
        Room = null;
    }

    /// <summary>A field that is known already costs nothing more: a few bytes can name a long one many thousand times.</summary>
    private void OnTrailer(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual("grpc-message"u8))
        {
            GrpcMessage ??= Text(value);
        }
        else if (name.SequenceEqual("grpc-status"u8))
        {
            GrpcStatus = GrpcStatus is null ? (value.SequenceEqual("0"u8) ? "0" : Text(value)) : SeveralStatuses;
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes) => System.Text.Encoding.Latin1.GetString(bytes);
}
