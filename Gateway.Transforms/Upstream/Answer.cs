using System.Buffers;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Http;

namespace Gateway.Transforms.Upstream;

/// <summary>The answer message of a sub-service, taken out of its protocol but not yet read.</summary>
/// <param name="Message">The bare message.</param>
/// <param name="Length">Its length in bytes; null when that is known only at the end.</param>
internal readonly record struct Answer(Stream Message, long? Length)
{
    /// <summary>The answer of a call by HTTP.</summary>
    /// <exception cref="AnswerException">The call failed.</exception>
    public static Answer OfHttp(HttpResponseMessage response)
    {
        EnsureStatus((int)response.StatusCode);
        var content = response.Content.Headers;
        if (!RpcContent.IsMessage(content.ContentType?.MediaType) || content.ContentEncoding.Count > 0)
        {
            throw AnswerException.Garbled($"the answer's content type is '{GrpcMessage.Decode($"{content.ContentType}")}', or it is compressed");
        }

        return new Answer(response.Content.ReadAsStream(), content.ContentLength);
    }

    /// <exception cref="AnswerException">The HTTP status says that the call failed.</exception>
    public static void EnsureStatus(int status)
    {
        if (status != StatusCodes.Status200OK)
        {
            var (kind, outcome) = status switch
            {
                StatusCodes.Status503ServiceUnavailable => (VerdictKind.Unavailable, RpcOutcome.NoInstance),
                StatusCodes.Status504GatewayTimeout => (VerdictKind.Slow, RpcOutcome.TimedOut),
                _ => (VerdictKind.Answered, RpcOutcome.SubServiceFailed),
            };
            throw new AnswerException(new Verdict(kind, outcome, Reach.Answered, Status: $"HTTP status {status}"));
        }
    }
}

/// <summary>A whole answer in rented memory; give it back with <see cref="Dispose"/>.</summary>
internal sealed class AnswerBuffer : IDisposable
{
    private const int FirstGuess = 16 << 10;

    private byte[] _bytes;
    private int _length;

    private AnswerBuffer(int size) => _bytes = ArrayPool<byte>.Shared.Rent(size);

    public Memory<byte> Memory => _bytes.AsMemory(0, _length);

    /// <exception cref="AnswerException">The answer is longer than <paramref name="max"/>, or it turned out to be a failure.</exception>
    public static async ValueTask<AnswerBuffer> ReadAsync(Answer answer, int max, CancellationToken cancellationToken)
    {
        if (answer.Length > max)
        {
            throw TooLong(max);
        }

        // One byte more than announced, so that a full buffer is never the reason to grow.
        var buffer = new AnswerBuffer((int)(answer.Length ?? FirstGuess) + 1);
        try
        {
            while (true)
            {
                var read = await answer.Message.ReadAsync(buffer._bytes.AsMemory(buffer._length), cancellationToken);
                if (read == 0)
                {
                    return buffer;
                }

                buffer._length += read;
                if (buffer._length > max)
                {
                    throw TooLong(max);
                }

                if (buffer._length == buffer._bytes.Length)
                {
                    buffer.Grow();
                }
            }
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _length = 0;
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(_bytes.Length * 2);
        Memory.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }

    private static AnswerException TooLong(int max) =>
        AnswerException.Unusable($"the answer has to be held in memory and is longer than {max} bytes (Gateway:Rpc:MaxBufferedAnswer; of a look-up Gateway:UserDetails:MaxAnswer)");
}
