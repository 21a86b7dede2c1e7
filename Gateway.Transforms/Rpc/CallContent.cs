using System.Buffers;
using System.Net;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Rpc;

/// <summary>The message of a call as the body of its HTTP request, in a gRPC frame where the protocol is that. It can be sent once.</summary>
/// <param name="length">In bytes, with the frame's header; null when nobody knows, and it goes out in chunks.</param>
internal abstract class CallContent(long? length) : HttpContent
{
    private bool _isAsked;
    private bool _isRefused;

    /// <summary>How far it got, while there is no answer. It tells what the handler did with the body, so no exception has to.</summary>
    public Reach Reach => IsTaken && !_isRefused ? Reach.PerhapsSent : Reach.NotSent;

    /// <summary>
    /// Whether a connection has taken any of it. A write that failed has not: the message is incomplete on the other side, where nobody acts
    /// on it.
    /// </summary>
    protected abstract bool IsTaken { get; }

    /// <param name="message">What is there of the message.</param>
    /// <param name="more">What is still to come of it; null when it is whole.</param>
    /// <param name="protocol">Whether it is framed.</param>
    public static CallContent Of(in ReadOnlySequence<byte> message, BodyRest? more, RpcProtocol protocol) =>
        more is null && message.Length <= SmallMessageContent.MaxLength
            ? new SmallMessageContent(message, protocol)
            : new MessageContent(message, more, protocol);

    protected static int HeaderOf(RpcProtocol protocol) => protocol == RpcProtocol.Grpc ? GrpcFrame.HeaderBytes : 0;

    protected abstract Task WriteAsync(Stream stream, CancellationToken cancellationToken);

    protected sealed override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected sealed override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The handler asks a second time when the peer has refused the request unread, and only then: not once a connection broke that may have
        // taken the body. The request then goes to another instance, and not there again.
        if (_isAsked)
        {
            _isRefused = true;
            throw new RefusedUnreadException();
        }

        _isAsked = true;
        // Cancelled already when the connection broke after the headers.
        cancellationToken.ThrowIfCancellationRequested();
        return WriteAsync(stream, cancellationToken);
    }

    protected sealed override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }

    private sealed class RefusedUnreadException() : IOException("the instance refused the request unread");
}
