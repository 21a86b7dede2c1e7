using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms.Upstream;

/// <summary>
/// The message of a call as the body of its HTTP request, sent piece by piece and once. Its memory is the request's: it is not touched any more once
/// this is disposed of, even if the sub-service has answered before reading all. What is still to come of it ends with the request
/// (<see cref="BodyRemainder.DisposeAsync"/>).
/// </summary>
internal sealed class MessageContent : HttpContent
{
    private const int MaxPiece = 64 << 10;

    private static readonly MediaTypeHeaderValue Type = new(RpcContent.Type);

    private readonly Lock _lock = new();
    private readonly BodyRemainder? _more;
    private readonly long? _length;
    private ReadOnlySequence<byte> _message;
    private bool _isAsked;
    private bool _isTaken;
    private bool _isDisposed;

    /// <param name="message">The message, or its beginning.</param>
    /// <param name="more">The remainder; null when the message is whole.</param>
    public MessageContent(in ReadOnlySequence<byte> message, BodyRemainder? more)
    {
        _message = message;
        _more = more;
        _length = more is null ? message.Length : message.Length + more.Length;
        Headers.ContentType = Type;
    }

    /// <summary>
    /// How far the message got, while there is no answer: whether a connection has taken all of it. Where a write failed, the sub-service has an incomplete
    /// message and does not act on it.
    /// </summary>
    public Reach Reach => _isTaken ? Reach.PerhapsSent : Reach.NotSent;

    /// <summary>The request of a call of a cluster with <c>"Protocol": "http"</c>: the bare message by POST, through the cluster's HTTP client.</summary>
    public HttpRequestMessage RequestTo(ClusterModel cluster, string instance, string path) =>
        new(HttpMethod.Post, RequestUtilities.MakeDestinationAddress(instance, path, QueryString.Empty))
        {
            Version = cluster.Config.HttpRequest?.Version ?? HttpVersion.Version11,
            VersionPolicy = cluster.Config.HttpRequest?.VersionPolicy ?? HttpVersionPolicy.RequestVersionExact,
            Content = this,
        };

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_isAsked)
        {
            throw new IOException("the message can be sent once");
        }

        _isAsked = true;
        // Cancelled already when the connection broke after the headers.
        cancellationToken.ThrowIfCancellationRequested();
        var piece = ArrayPool<byte>.Shared.Rent(_more is null ? (int)Math.Min(_length!.Value, MaxPiece) : MaxPiece);
        try
        {
            var rest = _message;
            do
            {
                var count = Take(ref rest, piece);
                await stream.WriteAsync(piece.AsMemory(0, count), cancellationToken);
                _isTaken = true;
            }
            while (!rest.IsEmpty);
            if (_more is not null)
            {
                // The handler keeps little writes until more comes, and more comes when the client likes.
                await stream.FlushAsync(cancellationToken);
                await PassOnAsync(_more, stream, piece.AsMemory(0, MaxPiece), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length ?? 0;
        return _length is not null;
    }

    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            _isDisposed = true;
            _message = default;
        }

        base.Dispose(disposing);
    }

    /// <summary>Not once this content is disposed of: then the remainder belongs to the next attempt, and so does the memory of the beginning, which is given back when the remainder begins.</summary>
    private Task PassOnAsync(BodyRemainder more, Stream stream, Memory<byte> piece, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return more.CopyToAsync(stream.WriteAsync, piece, cancellationToken);
        }
    }

    private int Take(ref ReadOnlySequence<byte> rest, Span<byte> piece)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            var count = (int)Math.Min(piece.Length, rest.Length);
            rest.Slice(0, count).CopyTo(piece);
            rest = rest.Slice(count);
            return count;
        }
    }
}
