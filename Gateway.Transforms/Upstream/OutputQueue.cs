namespace Gateway.Transforms.Upstream;

/// <summary>
/// What goes out on a connection. Calls append to it, and one write at a time carries all that has gathered meanwhile: under load many requests
/// leave in one system call. All members but the two that wait are for holders of the connection's lock.
/// </summary>
/// <param name="stream">The connection.</param>
/// <param name="sync">Its lock.</param>
/// <param name="time">The clock.</param>
/// <param name="failed">Told of a write that failed.</param>
internal sealed class OutputQueue(Stream stream, Lock sync, TimeProvider time, Action<Exception> failed) : IThreadPoolWorkItem
{
    private const int FirstLength = 16 << 10;

    private byte[] _waiting = new byte[FirstLength];
    private byte[] _spare = new byte[FirstLength];
    private int _filled;
    private bool _isWriting;
    private bool _hasFailed;
    private TaskCompletionSource? _drained;
    private TaskCompletionSource? _ended;

    /// <summary>Backpressure: while more bytes than this wait to be written, whoever has more to send waits for <see cref="DrainAsync"/>.</summary>
    public const int HighWater = 256 << 10;

    /// <summary>Bytes appended since the connection was made.</summary>
    public long End { get; private set; }

    /// <summary>How many of them have been given to the system, or are being given now. Bytes behind these cannot have reached anybody.</summary>
    public long Begun { get; private set; }

    /// <summary>When the write that is under way began, as a timestamp; null when there is none.</summary>
    public long? WritingSince { get; private set; }

    /// <summary>Bytes that wait.</summary>
    public int Waiting => _filled;

    /// <summary>Room for at least as many bytes, to be filled in and then told of by <see cref="Append(int)"/>.</summary>
    public Span<byte> Room(int length)
    {
        if (_waiting.Length - _filled < length)
        {
            Array.Resize(ref _waiting, (int)Math.Max(_waiting.Length * 2L, _filled + (long)length));
        }

        return _waiting.AsSpan(_filled);
    }

    /// <summary>As many bytes of the room are filled, and go out soon; after a write that failed, never.</summary>
    public void Append(int length)
    {
        End += length;
        if (_hasFailed)
        {
            return;
        }

        _filled += length;
        if (!_isWriting)
        {
            _isWriting = true;
            // Behind the work that is waiting already: some of that appends too.
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Completes when what waits now is being written, or the connection has ended.</summary>
    public Task DrainAsync()
    {
        lock (sync)
        {
            return _filled > 0 ? (_drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }
    }

    /// <summary>Completes when all is written, or cannot be. Nothing may be appended any more.</summary>
    public Task EndAsync()
    {
        lock (sync)
        {
            return _isWriting ? (_ended ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = WriteAsync();

    private async Task WriteAsync()
    {
        try
        {
            while (TryTake(out var bytes))
            {
                await stream.WriteAsync(bytes);
            }
        }
        catch (Exception exception)
        {
            lock (sync)
            {
                _hasFailed = true;
                _filled = 0;
                Pause();
            }

            failed(exception);
        }
    }

    private bool TryTake(out ReadOnlyMemory<byte> bytes)
    {
        lock (sync)
        {
            bytes = _waiting.AsMemory(0, _filled);
            if (_filled == 0)
            {
                Pause();
                return false;
            }

            TellDrained();

            // What a burst has needed is not kept.
            (_waiting, _spare) = (_spare.Length > HighWater ? new byte[FirstLength] : _spare, _waiting);
            _filled = 0;
            Begun = End;
            WritingSince = time.GetTimestamp();
            return true;
        }
    }

    private void Pause()
    {
        _isWriting = false;
        WritingSince = null;
        TellDrained();
        _ended?.TrySetResult();
    }

    private void TellDrained()
    {
        _drained?.TrySetResult();
        _drained = null;
    }
}
