using System.Buffers.Binary;

namespace Gateway.Transforms.Upstream.Http2;

/// <summary>
/// A client's side of an HTTP/2 connection (RFC 9113) that carries unary gRPC calls. Requests go out without tables or Huffman's code; answers may
/// use all of HPACK. A peer that ignores the windows of streams is tolerated: what is held is bounded for the connection as a whole.
/// </summary>
internal sealed partial class Http2Connection : UpstreamConnection
{
    private const int DefaultWindow = 65535;

    /// <summary>The window of a stream where the settings do not say: how many bytes of an answer may wait for a slow client.</summary>
    private const int UsualStreamWindow = 1 << 20;

    private const int MostStreams = 1000;

    /// <summary>What the pings carry that ask whether the peer is there. Those behind resets carry other numbers.</summary>
    private const long PingOfLife = 0;

    private readonly RequestHeaders _headers;
    private readonly UpstreamSettings _settings;
    private readonly int _streamWindow;
    private readonly PingInterval _pings;
    private readonly Dictionary<int, Http2Call> _calls = [];
    private readonly HpackDecoder _decoder = new();
    private readonly TaskCompletionSource _greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _block = new byte[512];

    /// <summary>The stream of the next call; -1 where there can be none.</summary>
    private int _nextStream;

    /// <summary>The newest stream that was begun.</summary>
    private int _lastStream;

    // What the peer has said in SETTINGS.
    private int _capacity = MostStreams;
    private int _peerFrame = Http2Frame.MaxLength;
    private int _peerStreamWindow = DefaultWindow;

    /// <summary>The peer's window of the connection: how many bytes of requests it takes now.</summary>
    private long _window = DefaultWindow;

    /// <summary>Bytes of answers for which no WINDOW_UPDATE of the connection has gone out yet.</summary>
    private int _credit;

    /// <summary>Calls that were given up, whose places the peer does not know to be free.</summary>
    private ResetCalls _resets = new();

    private long _pingedAt;

    /// <param name="stream">The connection, of which nothing has been read or written.</param>
    /// <param name="headers">Writes the headers of requests.</param>
    /// <param name="settings">What holds for the destination.</param>
    /// <param name="pings">How often it may be pinged.</param>
    /// <param name="time">The clock.</param>
    /// <param name="firstStream">The number of the first stream.</param>
    public Http2Connection(Stream stream, RequestHeaders headers, UpstreamSettings settings, PingInterval pings, TimeProvider time, int firstStream = 1)
        : base(stream, time)
    {
        _headers = headers;
        _settings = settings;
        _streamWindow = settings.StreamWindow ?? UsualStreamWindow;
        _pings = pings;
        _nextStream = firstStream;
        lock (Sync)
        {
            Greet();
        }
    }

    /// <summary>Completes when the peer has said what it takes; before that no call goes out. Fails with the connection.</summary>
    public Task Greeted => _greeted.Task;

    protected override int Capacity => _capacity;

    /// <summary>The numbers of streams are used up, or the peer takes no more of them.</summary>
    protected override bool IsUsedUp => Volatile.Read(ref _nextStream) < 0;

    protected override IEnumerable<UpstreamCall> Calls => _calls.Values;

    /// <summary>Ends a call; <see cref="Http2Call.DisposeAsync"/>.</summary>
    public ValueTask EndAsync(Http2Call call)
    {
        bool keepsPlace;
        lock (Sync)
        {
            var id = (int)call.Id;
            if (_calls.Remove(id) && !IsClosed && !(call.IsEnded && call.IsSent))
            {
                Reset(call, id, Http2Code.Cancel);
            }

            keepsPlace = call.IsReset;
            call.Room?.TrySetResult();
        }

        return LetGoAsync(call, keepsPlace);
    }

    /// <summary>Bytes of an answer were taken.</summary>
    public void Taken(Http2Call call, long count)
    {
        lock (Sync)
        {
            Free(count);
            Credit(call, (int)call.Id, (int)count);
        }
    }

    public override void FreeOverduePlaces() => FreePlaces(OverdueResets());

    protected override UpstreamCall MakeCall() => new Http2Call(this);

    protected override void Freed(long count) => Credit((int)count);

    protected override void LookAfter()
    {
        FreeOverduePlaces();
        if (IsStuck())
        {
            Fail(new UnreadableException(Http2Code.EnhanceYourCalm, "the sub-service does not end a header, or a frame"));
        }
        else if (_pingedAt > ReadAt)
        {
            if (Time.GetElapsedTime(_pingedAt) > _settings.PingTimeout)
            {
                Fail(new IOException("the sub-service does not answer a ping"));
            }
        }
        else if (_pings.Current is { } interval && Reserved > 0 && Time.GetElapsedTime(ReadAt) >= interval)
        {
            _pingedAt = Time.GetTimestamp();
            lock (Sync)
            {
                if (!IsClosed)
                {
                    AppendPing(PingOfLife);
                }
            }
        }
    }

    protected override void SayGoodbye(UnreadableException? reason)
    {
        Span<byte> payload = stackalloc byte[8];
        BinaryPrimitives.WriteInt32BigEndian(payload[4..], reason?.Code ?? Http2Code.None);
        Append(Http2Frame.GoAway, 0, 0, payload);
    }

    protected override void WakeSenders(Exception reason)
    {
        _greeted.TrySetException(reason);
        // It is told by an exception only if somebody waits for it.
        _ = _greeted.Task.Exception;
        lock (Sync)
        {
            WakeAll();
        }
    }

    private void Greet()
    {
        var preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;
        preface.CopyTo(Output.Room(preface.Length));
        Output.Append(preface.Length);
        Span<byte> settings = stackalloc byte[12];
        BinaryPrimitives.WriteInt16BigEndian(settings, EnablePush);
        BinaryPrimitives.WriteInt32BigEndian(settings[2..], 0);
        BinaryPrimitives.WriteInt16BigEndian(settings[6..], InitialWindowSize);
        BinaryPrimitives.WriteInt32BigEndian(settings[8..], _streamWindow);
        Append(Http2Frame.Settings, 0, 0, settings);
        AppendNumber(Http2Frame.WindowUpdate, 0, MaxUntaken - DefaultWindow);
    }

    private void End(Http2Call call, int stream)
    {
        lock (Sync)
        {
            if (_calls.GetValueOrDefault(stream) != call)
            {
                // It was given up, and may be another one by now.
                return;
            }

            call.IsEnded = true;
        }

        call.Complete(stream);
    }

    private void FailStream(int stream, int code, Exception failure)
    {
        lock (Sync)
        {
            if (_calls.GetValueOrDefault(stream) is not { } call)
            {
                return;
            }

            if (!IsClosed)
            {
                Reset(call, stream, code);
            }

            Remove(call, failure);
        }
    }

    private Http2Call? Find(int stream)
    {
        lock (Sync)
        {
            return _calls.GetValueOrDefault(stream);
        }
    }

    /// <summary>Gives a call up, whose place stays taken until the peer has read that. Under the lock.</summary>
    private void Reset(Http2Call call, int stream, int code)
    {
        call.IsReset = true;
        AppendReset(stream, code);
        _resets.Add(Time.GetTimestamp());
        AskForResets();
    }

    /// <summary>A PING behind the resets tells when the peer has read them.</summary>
    private void AskForResets()
    {
        if (_resets.TryAsk(out var number))
        {
            AppendPing(number);
        }
    }

    private int OverdueResets()
    {
        lock (Sync)
        {
            return _resets.TakeOverdue(Time);
        }
    }

    /// <summary>A call is over for the peer. Under the lock: whoever sends its request learns that it is over, and must not say first why.</summary>
    private void Remove(Http2Call call, Exception failure)
    {
        _calls.Remove((int)call.Id);
        call.Complete(call.Id, failure);
        call.Room?.TrySetResult();
    }

    /// <summary>The peer may send as many bytes more on the connection. A WINDOW_UPDATE tells it of many at once.</summary>
    private void Credit(int count)
    {
        _credit += count;
        if (_credit >= MaxUntaken / 4 && !IsClosed)
        {
            AppendNumber(Http2Frame.WindowUpdate, 0, _credit);
            _credit = 0;
        }
    }

    /// <summary>The peer may send as many bytes more of an answer.</summary>
    private void Credit(Http2Call call, int stream, int count)
    {
        if (IsClosed || _calls.GetValueOrDefault(stream) != call || call.IsEnded)
        {
            return;
        }

        call.Credit += count;
        if (call.Credit >= _streamWindow / 2)
        {
            AppendNumber(Http2Frame.WindowUpdate, stream, call.Credit);
            call.Credit = 0;
        }
    }

    private void WakeAll()
    {
        foreach (var call in _calls.Values)
        {
            call.Room?.TrySetResult();
        }
    }
}
