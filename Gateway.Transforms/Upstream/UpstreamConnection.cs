using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Upstream;

/// <summary>
/// A connection to an instance of a sub-service that carries many calls at a time. One loop reads it, and one queue is written to it. What
/// concerns a single call ends that call alone; only what makes the connection unreadable ends the connection, and then calls that had not
/// gone out are free to go elsewhere.
/// </summary>
internal abstract class UpstreamConnection
{
    /// <summary>The most bytes of answers that a connection holds while their clients do not take them.</summary>
    public const int MaxUntaken = 64 << 20;

    /// <summary>From as many held bytes on, new calls go to another connection.</summary>
    private const int ManyUntaken = MaxUntaken / 4;

    /// <summary>From as many bytes on that wait to be written, new calls wait too: a call that is given up leaves its bytes in the queue.</summary>
    private const int ManyWaiting = 1 << 20;

    private const int BufferLength = 64 << 10;
    private const int MaxSpareCalls = 128;

    /// <summary>How long a write may take. A peer that takes nothing for longer is gone, whatever its system acknowledges.</summary>
    private static readonly TimeSpan MaxWrite = TimeSpan.FromSeconds(20);

    /// <summary>The time for what either side has written last, such as why a connection ends, to be sent or read.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly Stream _stream;

    /// <summary>Calls that have been given bytes by the read under way. They are shown to those who wait for them when all of it has been read.</summary>
    private readonly List<(UpstreamCall Call, long Id)> _touched = [];

    /// <summary>Calls that are over, to serve others.</summary>
    private readonly Stack<UpstreamCall> _spare = [];

    private Action<UpstreamConnection>? _changed;
    private Task _reading = Task.CompletedTask;

    /// <summary>Why a write failed. The system tells one of both directions alone; the other one sees but the end.</summary>
    private Exception? _writeFailure;

    private int _reserved;
    private long _untaken;

    /// <summary>When the last place was given back, as a timestamp.</summary>
    private long _quietSince;

    protected UpstreamConnection(Stream stream, TimeProvider time)
    {
        _stream = stream;
        Time = time;
        MadeAt = _quietSince = ReadAt = time.GetTimestamp();
        Output = new OutputQueue(stream, Sync, time, exception => _ = EndWithWhatHasComeAsync(exception));
    }

    /// <summary>When it was made, as a timestamp.</summary>
    public long MadeAt { get; }

    /// <summary>It takes new calls.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>It has ended.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>A call has had a place on it.</summary>
    public bool HasServed { get; private set; }

    /// <summary>Its peer wants no calls, or takes nothing. It would not on another connection either.</summary>
    public bool IsBarred => Capacity == 0 || Output.Waiting > ManyWaiting;

    /// <summary>Calls under way, and places taken for calls that are about to begin.</summary>
    public int Reserved => Volatile.Read(ref _reserved);

    protected TimeProvider Time { get; }

    protected Lock Sync { get; } = new();

    protected OutputQueue Output { get; }

    /// <summary>When the peer was last heard, as a timestamp.</summary>
    protected long ReadAt { get; private set; }

    /// <summary>Bytes of answers that are held. Under the lock.</summary>
    protected long Untaken => _untaken;

    /// <summary>How many calls may be under way.</summary>
    protected abstract int Capacity { get; }

    /// <summary>No further call can begin on it.</summary>
    protected virtual bool IsUsedUp => false;

    /// <summary>The calls under way. Under the lock.</summary>
    protected abstract IEnumerable<UpstreamCall> Calls { get; }

    /// <summary>Begins to read.</summary>
    /// <param name="changed">Told when there is room again, or the connection takes no new calls any more. Not under the lock.</param>
    public void Start(Action<UpstreamConnection> changed)
    {
        _changed = changed;
        _reading = ReadAsync();
    }

    /// <summary>Takes a place for a call; false when there is none, or better ones may be elsewhere.</summary>
    public bool TryReserve()
    {
        lock (Sync)
        {
            // It may be used up a moment before it is closed to calls: whoever took a place then would give it back, and come for the next, until no replay is left.
            if (!IsOpen || IsUsedUp || _reserved >= Capacity || _untaken > ManyUntaken || Output.Waiting > ManyWaiting)
            {
                return false;
            }

            _reserved++;
            HasServed = true;
            return true;
        }
    }

    /// <summary>Gives a place back.</summary>
    public void Release()
    {
        bool isLast;
        lock (Sync)
        {
            isLast = TakeBackPlaces(1);
        }

        Released(isLast);
    }

    /// <summary>Sends a request, and for a large one begins to, in the place that was taken for it.</summary>
    /// <exception cref="AnswerException">The connection has ended.</exception>
    public UpstreamCall Send(in UpstreamRequest request, CancellationToken cancellationToken)
    {
        if (TryBegin(request) is not { } call)
        {
            Release();
            throw AnswerException.Unreachable("the connection has ended", isReplayable: true);
        }

        if (!call.IsSent)
        {
            call.SendingStop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            call.Sending = SendRestAsync(call, request, call.SendingStop.Token);
        }

        if (IsUsedUp)
        {
            Retire();
        }

        return call;
    }

    /// <summary>Takes no new calls, and ends with the last one.</summary>
    public void Retire()
    {
        bool isLast;
        lock (Sync)
        {
            IsOpen = false;
            isLast = _reserved == 0;
        }

        _changed?.Invoke(this);
        if (isLast)
        {
            Close();
        }
    }

    /// <summary>Looks after the connection about once a second: ends it when nobody has needed it for long, or when the peer is stuck.</summary>
    public void Tick(TimeSpan maxIdle)
    {
        long? writingSince;
        lock (Sync)
        {
            writingSince = Output.WritingSince;
        }

        if (writingSince is { } since && Time.GetElapsedTime(since) > MaxWrite)
        {
            Fail(new IOException($"the sub-service has taken nothing for {MaxWrite.TotalSeconds} s"));
        }
        else if (_reserved == 0 && Time.GetElapsedTime(Volatile.Read(ref _quietSince)) > maxIdle)
        {
            Retire();
        }
        else
        {
            LookAfter();
        }

        // What was written since may have made room.
        TellChanged();
    }

    /// <summary>The connection is of no use any more: all its calls end.</summary>
    public void Fail(Exception exception)
    {
        UpstreamCall[] calls;
        lock (Sync)
        {
            if (IsClosed)
            {
                return;
            }

            IsClosed = true;
            IsOpen = false;
            calls = [.. Calls];
            if (exception is UnreadableException unreadable)
            {
                SayGoodbye(unreadable);
            }

            foreach (var call in calls)
            {
                call.Complete(call.Id, FailureOf(call, exception.Message));
            }
        }

        _ = EndAsync();
        WakeSenders(exception);
        _changed?.Invoke(this);
    }

    /// <summary>Somebody waits for a place: those that calls have left behind long ago serve others. Not under the lock.</summary>
    public virtual void FreeOverduePlaces()
    {
    }

    /// <summary>Begins a call, and sends its request if that can be done at once; null when the connection takes none any more.</summary>
    protected abstract UpstreamCall? TryBegin(in UpstreamRequest request);

    /// <summary>Sends a request that does not go out at once. What it throws ends the call.</summary>
    protected abstract Task SendAsync(UpstreamCall call, UpstreamRequest request, CancellationToken cancellationToken);

    protected abstract UpstreamCall MakeCall();

    protected abstract void LookAfter();

    /// <summary>Writes why the connection ends, where the protocol has words for that. Under the lock.</summary>
    protected abstract void SayGoodbye(UnreadableException? reason);

    /// <summary>Reads all that is whole in the bytes, and says how many those were.</summary>
    /// <exception cref="UnreadableException">What follows on this connection cannot be read.</exception>
    protected abstract int Read(ReadOnlySpan<byte> bytes);

    /// <summary>The connection has ended: whoever waits for room to send looks again.</summary>
    protected abstract void WakeSenders(Exception reason);

    /// <summary>Completes when more may be read. A protocol without windows can hold a peer up in no other way.</summary>
    protected virtual Task RoomAsync() => Task.CompletedTask;

    /// <summary>A piece of an answer has come for a call.</summary>
    /// <returns>False when it is not wanted any more, or too much is held already; then the call has failed.</returns>
    protected bool Deliver(UpstreamCall call, long id, ReadOnlySpan<byte> bytes)
    {
        lock (Sync)
        {
            if (_untaken + bytes.Length > MaxUntaken)
            {
                return false;
            }

            _untaken += bytes.Length;
        }

        if (!call.TryReceive(id, bytes, out var isFirst))
        {
            lock (Sync)
            {
                _untaken -= bytes.Length;
            }

            return false;
        }

        if (isFirst)
        {
            _touched.Add((call, id));
        }

        return true;
    }

    /// <summary>There is room for more calls. Not under the lock.</summary>
    protected void TellChanged() => _changed?.Invoke(this);

    /// <summary>Bytes of answers that were held have been taken, or are not wanted any more. Under the lock.</summary>
    protected void Free(long count)
    {
        _untaken -= count;
        Freed(count);
    }

    /// <summary>The peer may send as many bytes more. Under the lock.</summary>
    protected abstract void Freed(long count);

    /// <summary>A call for a request, perhaps one that has served others. Under the lock.</summary>
    protected UpstreamCall TakeCall(long id, in UpstreamRequest request)
    {
        var call = _spare.Count > 0 ? _spare.Pop() : MakeCall();
        call.Begin(id);
        call.KeepsHeaders = request.OnHeaders is not null;
        return call;
    }

    /// <summary>A call is over: it and its place serve others, as soon as nobody reads its request any more.</summary>
    /// <param name="call">The call.</param>
    /// <param name="keepsPlace">The place stays taken until <see cref="FreePlaces"/>.</param>
    protected ValueTask LetGoAsync(UpstreamCall call, bool keepsPlace = false)
    {
        if (call.Sending is not null)
        {
            return StopAndLetGoAsync(call, keepsPlace);
        }

        LetGo(call, keepsPlace);
        return default;
    }

    /// <summary>Places that calls have left behind serve others. Not under the lock.</summary>
    protected void FreePlaces(int count)
    {
        if (count == 0)
        {
            return;
        }

        bool isLast;
        lock (Sync)
        {
            isLast = TakeBackPlaces(count);
        }

        Released(isLast);
    }

    /// <summary>The failure of a call whose connection has ended: whether it can have reached the instance is known by what was written.</summary>
    protected AnswerException FailureOf(UpstreamCall call, string reason) =>
        call.IsAnswered ? AnswerException.Broken($"the answer broke off: {reason}", Reach.Answered)
        : call.RequestEnd > Output.Begun ? AnswerException.Unreachable(reason, isReplayable: true)
        : AnswerException.Broken(reason, Reach.PerhapsSent);

    private async Task SendRestAsync(UpstreamCall call, UpstreamRequest request, CancellationToken cancellationToken)
    {
        var id = call.Id;
        try
        {
            await SendAsync(call, request, cancellationToken);
        }
        catch (Exception exception)
        {
            // Of a call that has ended for a reason of its own nobody hears it.
            call.Complete(id, exception);
        }
    }

    private async ValueTask StopAndLetGoAsync(UpstreamCall call, bool keepsPlace)
    {
        await call.SendingStop!.CancelAsync();
        // How it ended was told to the reader of the answer.
        await call.Sending!.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        call.SendingStop.Dispose();
        LetGo(call, keepsPlace);
    }

    private void LetGo(UpstreamCall call, bool keepsPlace)
    {
        bool isLast;
        lock (Sync)
        {
            // Of a call that the peer has not ended, the reader may be reading something this moment.
            var isDone = call.IsEnded;
            Free(call.Reset());
            if (isDone && _spare.Count < MaxSpareCalls)
            {
                _spare.Push(call);
            }

            isLast = TakeBackPlaces(keepsPlace ? 0 : 1);
        }

        Released(isLast);
    }

    /// <summary>Takes places of calls back. Under the lock; <see cref="Released"/> comes after it.</summary>
    /// <returns>Whether the connection has nothing more to do.</returns>
    private bool TakeBackPlaces(int count)
    {
        _quietSince = Time.GetTimestamp();
        _reserved -= count;
        return _reserved == 0 && !IsOpen;
    }

    private void Released(bool isLast)
    {
        if (isLast)
        {
            Close();
        }

        _changed?.Invoke(this);
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[BufferLength];
        var filled = 0;
        try
        {
            while (true)
            {
                var read = await _stream.ReadAsync(buffer.AsMemory(filled));
                if (read == 0)
                {
                    throw Volatile.Read(ref _writeFailure) ?? new IOException("the sub-service has closed the connection");
                }

                filled += read;
                ReadAt = Time.GetTimestamp();
                int used;
                try
                {
                    used = Read(buffer.AsSpan(0, filled));
                }
                finally
                {
                    FlushTouched();
                }

                filled -= used;
                buffer.AsSpan(used, filled).CopyTo(buffer);
                await RoomAsync();
                if (Output.Waiting > OutputQueue.HighWater)
                {
                    // Whoever has the gateway answer, as pings do, has to take the answers before it is read again.
                    await Output.DrainAsync();
                }
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    private void FlushTouched()
    {
        foreach (var (call, id) in _touched)
        {
            call.Flush(id);
        }

        _touched.Clear();
    }

    private void Close()
    {
        lock (Sync)
        {
            if (IsClosed)
            {
                return;
            }

            IsClosed = true;
            IsOpen = false;
            SayGoodbye(null);
        }

        _ = EndAsync();
        _changed?.Invoke(this);
    }

    /// <summary>
    /// Nothing goes out any more, but what the peer had sent before is still there to be read: perhaps why it ends the connection, and which calls it
    /// has not taken.
    /// </summary>
    private async Task EndWithWhatHasComeAsync(Exception exception)
    {
        Volatile.Write(ref _writeFailure, exception);
        Retire();
        await _reading.WaitAsync(LastWords, Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Fail(exception);
    }

    private async Task EndAsync()
    {
        try
        {
            await Output.EndAsync().WaitAsync(LastWords, Time);
        }
        catch (TimeoutException)
        {
            // The peer does not listen, and goes without them.
        }
        finally
        {
            await _stream.DisposeAsync();
        }
    }
}

/// <summary>What a peer sends makes everything that follows on its connection unreadable.</summary>
/// <param name="code">What the peer is told, in the numbers of its protocol.</param>
/// <param name="message">What was wrong.</param>
internal sealed class UnreadableException(int code, string message) : IOException(message)
{
    public int Code { get; } = code;
}
