using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Transforms.Bodies;

/// <summary>
/// A request body, read once and held in the memory the server received it in: nothing is copied. Must be released before the
/// request ends. Of a large body only the beginning is held, if that will do; <see cref="BodyRemainder"/> passes the rest on. What is held
/// beyond a little counts against a <see cref="RequestBudget"/>.
/// </summary>
internal sealed class RequestBody
{
    /// <summary>How many bytes of a request are always held, so that they can be sent again.</summary>
    public const long HeldLength = 128 << 10;

    /// <summary>The same while nobody knows who sends them. A session id that serializers write before large values is among these.</summary>
    public const long UnknownHeldLength = 16 << 10;

    private readonly HttpContext _context;
    private readonly RequestBudget? _budget;
    private readonly PipeReader _reader;
    private long _taken;
    private bool _isHeld;

    /// <param name="context">The request.</param>
    /// <param name="budget">What it may hold; null for a body that is only thrown away.</param>
    public RequestBody(HttpContext context, RequestBudget? budget)
    {
        // The limit is enforced here and not by the server, which would cut the connection and leave the sender without an answer.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } serverLimit)
        {
            serverLimit.MaxRequestBodySize = null;
        }

        _context = context;
        _budget = budget;
        _reader = context.Request.BodyReader;
    }

    /// <summary>The whole body, or its beginning.</summary>
    public ReadOnlySequence<byte> Buffer { get; private set; }

    /// <summary>The body is larger than allowed, and its rest is still to come.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>All requests together hold as much as they may, and the rest is still to come.</summary>
    public bool IsBeyondBudget { get; private set; }

    /// <summary>It is known who sends it.</summary>
    public bool IsIdentified { get; private set; }

    /// <summary>Nothing more is to come, and nothing of it is gone.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Nothing more is to come, whether or not it is held.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>
    /// Reads, or goes on reading, to the end of the body, or until it holds <paramref name="enough"/>, is known to be larger than
    /// <paramref name="limit"/> bytes, or may not hold more.
    /// </summary>
    /// <exception cref="BadHttpRequestException">The body breaks off, comes too slowly, or is not chunked as HTTP asks.</exception>
    /// <exception cref="ClientGoneException">The connection has ended.</exception>
    public async ValueTask FillAsync(long limit, long enough)
    {
        while (!IsWhole && Buffer.Length < enough)
        {
            if (!TryTake(Buffer.Length))
            {
                IsBeyondBudget = true;
                return;
            }

            if (_isHeld)
            {
                _isHeld = false;
                _reader.AdvanceTo(Buffer.Start, Buffer.End);
                Buffer = default;
            }

            var result = await ReadAsync(_context.RequestAborted);
            _isHeld = true;
            Buffer = result.Buffer;
            if (_context.Request.ContentLength > limit || Buffer.Length > limit)
            {
                IsTooLarge = true;
                return;
            }

            IsWhole = IsEnded = result.IsCompleted;
        }
    }

    /// <summary>It is known who sends it, so it may hold more.</summary>
    public void Identify()
    {
        IsIdentified = true;
        _budget?.Identify(_taken);
    }

    /// <summary>The next piece of the rest, after <see cref="Release"/>. Whoever takes it gives it back by <see cref="Advance"/>.</summary>
    /// <exception cref="BadHttpRequestException">The body breaks off, or comes too slowly.</exception>
    /// <exception cref="ClientGoneException">The connection has ended.</exception>
    public async ValueTask<ReadResult> ReadRemainderAsync(CancellationToken cancellationToken)
    {
        var result = await ReadAsync(cancellationToken);
        IsEnded = result.IsCompleted;
        return result;
    }

    public void Advance(SequencePosition consumed) => _reader.AdvanceTo(consumed);

    /// <summary>
    /// Reads what is still to come and throws it away.
    /// </summary>
    /// <param name="max">The most bytes that are read. A body that is announced as longer is not read at all.</param>
    /// <param name="time">For how long. Not until the request's token is cancelled: its deadline may be why the request is over.</param>
    /// <param name="clock">What tells the time.</param>
    /// <param name="stopping">Ends it as well.</param>
    public async ValueTask DiscardAsync(long max, TimeSpan time, TimeProvider clock, CancellationToken stopping)
    {
        Release();
        if (IsEnded || _context.Request.ContentLength > max)
        {
            return;
        }

        using var deadline = new CancellationTokenSource(time, clock);
        using var stop = stopping.UnsafeRegister(static deadline => ((CancellationTokenSource)deadline!).Cancel(), deadline);
        try
        {
            for (var discarded = 0L; !IsEnded && discarded <= max;)
            {
                var result = await ReadRemainderAsync(deadline.Token);
                discarded += result.Buffer.Length;
                _reader.AdvanceTo(result.Buffer.End);
            }
        }
        catch (Exception exception) when (exception is ClientGoneException or BadHttpRequestException or OperationCanceledException)
        {
            // The sender has gone, sends what is no body, or takes too long. He may have read his answer; more is not waited for.
            IsEnded = true;
        }
    }

    /// <summary>Gives the memory back. Nothing that was sliced from <see cref="Buffer"/> may be used any more.</summary>
    public void Release()
    {
        if (_isHeld)
        {
            _isHeld = false;
            _reader.AdvanceTo(Buffer.End);
            Buffer = default;
        }

        if (_taken > 0)
        {
            _budget?.GiveBack(_taken, IsIdentified);
            _taken = 0;
        }
    }

    /// <summary>How many bytes do not count against the budget. An HTTP/2 connection has a hundred requests at a time, so each of them gets less while nobody knows who sends them.</summary>
    private long Free => IsIdentified ? HeldLength : HttpProtocol.IsHttp2(_context.Request.Protocol) ? UnknownHeldLength / 16 : UnknownHeldLength;

    /// <summary>Only what is held while more of it is waited for counts: a body that comes at once never does.</summary>
    private bool TryTake(long held)
    {
        var more = held - Free - _taken;
        if (more <= 0)
        {
            return true;
        }

        if (_budget?.TryTake(more, IsIdentified) is false)
        {
            return false;
        }

        _taken += more;
        return true;
    }

    private async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ReadUnlessCancelledAsync(_reader, cancellationToken);
        }
        catch (IOException exception) when (exception is { InnerException: OverflowException } and not BadHttpRequestException)
        {
            // The server's word for a chunk size of too many digits. Of all that clients can get wrong this alone has no status.
            throw new BadHttpRequestException(exception.Message, exception);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            // The token that says the same may do so a moment later.
            IsEnded = true;
            LostConnection.LetGo(_context);
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

/// <summary>The connection, or the stream, by which a body was coming has ended.</summary>
internal sealed class ClientGoneException(IOException cause) : IOException(cause.Message, cause);
