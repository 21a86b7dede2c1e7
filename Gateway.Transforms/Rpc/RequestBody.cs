using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// A request body, read once and held in the memory the server received it in: nothing is copied. Must be released before the
/// request ends. Of a large body only the beginning is held, if that will do; <see cref="BodyRest"/> passes the rest on.
/// </summary>
internal sealed class RequestBody
{
    private readonly PipeReader _reader;
    private bool _held = true;

    private RequestBody(PipeReader reader) => _reader = reader;

    /// <summary>The whole body, or its beginning.</summary>
    public ReadOnlySequence<byte> Buffer { get; private set; }

    /// <summary>The body is larger than allowed, and its rest is still to come.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>Nothing more is to come.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Reads the body to its end, or until it is known to be larger than <paramref name="limit"/> bytes, or holds <paramref name="enough"/>.</summary>
    /// <exception cref="BadHttpRequestException">The body breaks off, comes too slowly, or is not chunked as HTTP asks.</exception>
    /// <exception cref="ClientGoneException">The connection has ended.</exception>
    public static async ValueTask<RequestBody> ReadAsync(HttpContext context, long limit, long enough)
    {
        // The limit is enforced here and not by the server, which would cut the connection and leave the sender without an answer.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } serverLimit)
        {
            serverLimit.MaxRequestBodySize = null;
        }

        var body = new RequestBody(context.Request.BodyReader);
        await body.FillAsync(context, limit, enough);
        return body;
    }

    /// <summary>Goes on reading, as <see cref="ReadAsync(HttpContext, long, long)"/> does, where what there is did not do.</summary>
    public async ValueTask ReadMoreAsync(HttpContext context, long limit, long enough)
    {
        _reader.AdvanceTo(Buffer.Start, Buffer.End);
        Buffer = default;
        await FillAsync(context, limit, enough);
    }

    /// <summary>The next piece of the rest, after <see cref="Release"/>. Whoever takes it gives it back by <see cref="Advance"/>.</summary>
    /// <exception cref="BadHttpRequestException">The body breaks off, or comes too slowly.</exception>
    /// <exception cref="ClientGoneException">The connection has ended.</exception>
    public ValueTask<ReadResult> ReadRestAsync(CancellationToken cancellationToken) => ReadAsync(_reader, cancellationToken);

    public void Advance(SequencePosition consumed) => _reader.AdvanceTo(consumed);

    /// <summary>Reads the rest of a body that is too large and throws it away, if it is no longer than <paramref name="max"/> bytes in all.</summary>
    public async ValueTask DiscardAsync(HttpContext context, long max)
    {
        var discarded = Buffer.Length;
        if (context.Request.ContentLength > max)
        {
            return;
        }

        Release();
        while (discarded <= max)
        {
            var result = await ReadAsync(_reader, context.RequestAborted);
            discarded += result.Buffer.Length;
            _reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>Gives the memory back. Nothing that was sliced from <see cref="Buffer"/> may be used any more.</summary>
    public void Release()
    {
        if (_held)
        {
            _held = false;
            _reader.AdvanceTo(Buffer.End);
            Buffer = default;
        }
    }

    private async ValueTask FillAsync(HttpContext context, long limit, long enough)
    {
        while (true)
        {
            var result = await ReadAsync(_reader, context.RequestAborted);
            IsTooLarge = context.Request.ContentLength > limit || result.Buffer.Length > limit;
            IsWhole = result.IsCompleted && !IsTooLarge;
            if (IsTooLarge || IsWhole || result.Buffer.Length >= enough)
            {
                Buffer = result.Buffer;
                return;
            }

            _reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static async ValueTask<ReadResult> ReadAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadUnlessCancelledAsync(reader, cancellationToken);
        }
        catch (IOException exception) when (exception is { InnerException: OverflowException } and not BadHttpRequestException)
        {
            // The server's word for a chunk size of too many digits. Of all that clients can get wrong this alone has no status.
            throw new BadHttpRequestException(exception.Message, exception);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            // The token that says the same may do so a moment later.
            throw new ClientGoneException(exception);
        }
    }

    /// <summary>
    /// Not the reader's own cancellation: that leaves the read open, and the server, which wants to drain the body, would log an error.
    /// </summary>
    private static async ValueTask<ReadResult> ReadUnlessCancelledAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        var pending = reader.ReadAsync(CancellationToken.None);
        if (pending.IsCompleted)
        {
            return await pending;
        }

        using (cancellationToken.UnsafeRegister(static reader => CancelPendingRead((PipeReader)reader!), reader))
        {
            var result = await pending;
            if (result.IsCanceled)
            {
                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                throw new OperationCanceledException(cancellationToken);
            }

            return result;
        }
    }

    private static void CancelPendingRead(PipeReader reader)
    {
        try
        {
            reader.CancelPendingRead();
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // A server that has given up the connection ends the read itself, and says why to everybody who touches it.
        }
    }
}
