using System.Buffers;

namespace Gateway.Transforms.Rpc;

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
