using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Upstream;

/// <summary>
/// One call on a connection, from its request to the end of its answer. The connection's reader fills it, and whoever has asked reads; when both
/// are done it serves another call.
/// </summary>
internal abstract class UpstreamCall : IAsyncDisposable
{
    /// <summary>After as many taken bytes the connection is told of them.</summary>
    private const int TellAt = 8 << 10;

    // The peer is slowed down by windows, where its protocol has them, so the pipe itself holds nobody up.
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0, resumeWriterThreshold: 0, useSynchronizationContext: false));
    private readonly Lock _lock = new();
    private long _received;
    private long _taken;
    private long _told;
    private bool _isFlushDue;
    private bool _isComplete;

    /// <summary>The number of the call in its protocol; zero while this object serves no call.</summary>
    public long Id { get; private set; }

    /// <summary>Where its request ends in the connection's output; the highest number while that is not all appended.</summary>
    public long RequestEnd { get; set; } = long.MaxValue;

    /// <summary>Bytes of the answer that have come and were not taken yet.</summary>
    public long Untaken => Volatile.Read(ref _received) - Volatile.Read(ref _taken);

    /// <summary>The request has been appended whole to what goes out.</summary>
    public bool IsSent => RequestEnd != long.MaxValue;

    /// <summary>The peer has ended the answer, and the connection's reader is done with the call.</summary>
    public bool IsEnded { get; set; }

    /// <summary>Whether all headers of the answer are kept, and not only those that the gateway reads.</summary>
    public bool KeepsHeaders { get; set; }

    /// <summary>The instance has begun to answer.</summary>
    public abstract bool IsAnswered { get; }

    /// <summary>Sends pieces of a large request; null for small ones.</summary>
    public Task? Sending { get; set; }

    /// <summary>Cancelled when the call ends. Of large requests alone.</summary>
    public CancellationTokenSource? SendingStop { get; set; }

    public void Begin(long id)
    {
        lock (_lock)
        {
            Id = id;
        }
    }

    /// <summary>Takes over a piece of the answer. The reader sees it after <see cref="Flush"/>, together with all that has come with it.</summary>
    /// <param name="id">Of the call that is meant.</param>
    /// <param name="bytes">The piece.</param>
    /// <param name="isFirst">Nothing was taken over since the last flush.</param>
    /// <returns>False when the call, or its answer, is over.</returns>
    public bool TryReceive(long id, ReadOnlySpan<byte> bytes, out bool isFirst)
    {
        lock (_lock)
        {
            isFirst = !_isFlushDue;
            if (Id != id || _isComplete)
            {
                return false;
            }

            bytes.CopyTo(_pipe.Writer.GetSpan(bytes.Length));
            _pipe.Writer.Advance(bytes.Length);
            _received += bytes.Length;
            _isFlushDue = true;
            return true;
        }
    }

    /// <summary>Shows the reader what <see cref="TryReceive"/> has taken over.</summary>
    [SuppressMessage("Reliability", "CA2012", Justification = "Nothing holds the pipe up, so it is over when it returns.")]
    public void Flush(long id)
    {
        lock (_lock)
        {
            if (Id == id && _isFlushDue && !_isComplete)
            {
                _isFlushDue = false;
                _ = _pipe.Writer.FlushAsync();
            }
        }
    }

    /// <summary>The answer is over.</summary>
    /// <param name="id">Of the call that is meant.</param>
    /// <param name="failure">Why, when it is not whole.</param>
    public void Complete(long id, Exception? failure = null)
    {
        lock (_lock)
        {
            if (Id == id && !_isComplete)
            {
                _isComplete = true;
                _pipe.Writer.Complete(failure);
            }
        }
    }

    /// <summary>Waits for more of the answer, or its end.</summary>
    /// <exception cref="AnswerException">The call failed.</exception>
    public ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken) => _pipe.Reader.ReadAsync(cancellationToken);

    /// <summary>Waits for the first bytes of the answer, or its end, and takes nothing.</summary>
    /// <exception cref="AnswerException">The call failed.</exception>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        var read = await _pipe.Reader.ReadAsync(cancellationToken);
        _pipe.Reader.AdvanceTo(read.Buffer.Start);
    }

    /// <summary>Waits until there are at least as many bytes, or the answer is over.</summary>
    /// <exception cref="AnswerException">The call failed.</exception>
    public ValueTask<ReadResult> ReadAtLeastAsync(int count, CancellationToken cancellationToken) => _pipe.Reader.ReadAtLeastAsync(count, cancellationToken);

    /// <summary>Takes bytes of what was read.</summary>
    /// <param name="consumed">Where they end.</param>
    /// <param name="examined">As far as was looked.</param>
    /// <param name="count">How many they are.</param>
    public void Advance(SequencePosition consumed, SequencePosition examined, long count)
    {
        _pipe.Reader.AdvanceTo(consumed, examined);
        _taken += count;
        if (_taken - _told >= TellAt)
        {
            Taken(_taken - _told);
            _told = _taken;
        }
    }

    /// <summary>Ends the call, whether or not its answer is over, and returns when nobody reads its request any more.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>Nobody reads or fills this object any more: it can serve another call.</summary>
    /// <returns>Bytes that were not taken, and those that <see cref="Taken"/> was not told of.</returns>
    public long Reset()
    {
        lock (_lock)
        {
            Id = 0;
            _pipe.Reader.Complete();
            _pipe.Writer.Complete();
            _pipe.Reset();
            _isComplete = _isFlushDue = IsEnded = KeepsHeaders = false;
            var left = _received - _told;
            _received = _taken = _told = 0;
            RequestEnd = long.MaxValue;
            Sending = null;
            SendingStop = null;
            ResetAnswer();
            return left;
        }
    }

    /// <summary>Bytes were taken, and the peer may send as many again.</summary>
    protected abstract void Taken(long count);

    /// <summary>Forgets what the protocol has said of the answer.</summary>
    protected abstract void ResetAnswer();
}
