using System.IO.Pipelines;
using Gateway.Transforms.Wire;
using Microsoft.AspNetCore.Http;

namespace Gateway.Transforms.Bodies;

/// <summary>
/// The remainder of a large message whose beginning has said who sends it. It is passed on to the sub-service as it comes, and its fields are
/// walked on the way; the user's id is appended.
/// </summary>
/// <param name="body">The body, of which only the beginning is held.</param>
/// <param name="walker">Stands where the beginning ends.</param>
/// <param name="length">Bytes still to come from the client.</param>
/// <param name="isExact">Whether as many have to come; of a chunked body that is only the most that may.</param>
/// <param name="userId">The field that is appended; empty for nobody.</param>
/// <param name="time">The clock.</param>
internal sealed class BodyRemainder(RequestBody body, MessageWalker walker, long length, bool isExact, ReadOnlyMemory<byte> userId, TimeProvider time) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private Task _copying = Task.CompletedTask;

    /// <summary>Bytes still to be sent; null when nobody knows.</summary>
    public long? Length => isExact ? length + userId.Length : null;

    /// <summary>Why the client's part of it failed; null while it has not.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Some of it has been read, so the call cannot be made again.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>It is the client who is waited for, not the sub-service.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>When all of it had been sent, as a timestamp; null before.</summary>
    public long? SentAt { get; private set; }

    /// <summary>Sends all of it, in pieces as large as <paramref name="piece"/>.</summary>
    /// <exception cref="InvalidOperationException">It has been sent, in part at least.</exception>
    /// <exception cref="OperationCanceledException">This is disposed of, or the token says so.</exception>
    public Task CopyToAsync(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, Memory<byte> piece, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _stop.Token.ThrowIfCancellationRequested();
            if (IsStarted)
            {
                throw new InvalidOperationException("A body that is passed on can be sent once.");
            }

            IsStarted = true;
            return _copying = CopyAsync(write, piece, cancellationToken);
        }
    }

    /// <summary>
    /// The call is over, whether or not all was sent: sub-services may answer early. Returns when nobody reads the body any more.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _stop.Cancel();
        }

        // How it ended is told by Failure, or of no interest any more.
        await _copying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task CopyAsync(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, Memory<byte> piece, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        body.Release();
        var filled = 0;
        for (var left = length; left > 0 || !isExact;)
        {
            var read = await ReadAsync(either.Token);
            try
            {
                left -= read.Buffer.Length;
                if (left < 0)
                {
                    throw Fail(new BadHttpRequestException("more than the route allows, sent in chunks", StatusCodes.Status413PayloadTooLarge));
                }

                foreach (var part in read.Buffer)
                {
                    for (var rest = part; !rest.IsEmpty;)
                    {
                        var count = Math.Min(rest.Length, piece.Length - filled);
                        rest[..count].CopyTo(piece[filled..]);
                        rest = rest[count..];
                        filled += count;
                        if (filled == piece.Length)
                        {
                            await write(piece, either.Token);
                            filled = 0;
                        }
                    }
                }
            }
            finally
            {
                body.Advance(read.Buffer.End);
            }

            if (read.IsCompleted)
            {
                if (isExact && left > 0)
                {
                    throw Fail(new MalformedMessageException($"the body ends {left} bytes early"));
                }

                break;
            }
        }

        if (walker.End() is { } problem)
        {
            throw Fail(new MalformedMessageException(problem));
        }

        await write(piece[..filled], either.Token);
        await write(userId, either.Token);
        SentAt = time.GetTimestamp();
    }

    /// <summary>Reads and walks a piece. Nothing of a piece with a mistake in it goes out.</summary>
    private async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        ReadResult read;
        try
        {
            IsWaiting = true;
            read = await body.ReadRemainderAsync(cancellationToken);
            IsWaiting = false;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw Fail(exception);
        }

        foreach (var part in read.Buffer)
        {
            if (walker.Walk(part.Span) is { } problem)
            {
                body.Advance(read.Buffer.End);
                throw Fail(new MalformedMessageException(problem));
            }
        }

        return read;
    }

    private Exception Fail(Exception exception) => Failure = exception;
}

/// <summary>A message turned out to be malformed while it was passed on. An <see cref="IOException"/>, as any body that breaks off.</summary>
internal sealed class MalformedMessageException(string problem) : IOException(problem);
