using System.Buffers;
using System.Buffers.Binary;
using Gateway.Transforms.Rpc;

namespace Gateway.Transforms.Upstream.Http2;

/// <summary>
/// A client's side of an HTTP/2 connection (RFC 9113) that carries unary gRPC calls. Requests go out without tables or Huffman's code; answers may
/// use all of HPACK. A peer that ignores the windows of streams is borne: what is held is bounded for the connection as a whole.
/// </summary>
internal sealed class Http2Connection : UpstreamConnection
{
    /// <summary>An endless block keeps everybody from being heard. 16 MiB is what gRPC in Go takes as well.</summary>
    private const int MaxBlock = 16 << 20;

    /// <summary>A request up to this length goes out in one piece with its header, in bytes.</summary>
    private const int SmallRequest = 8 << 10;

    private const int DefaultWindow = 65535;
    private const int MostStreams = 1000;
    private const int MaxSpareCalls = 128;

    // RFC 9113, section 6.5.2.
    private const int EnablePush = 2;
    private const int MaxConcurrentStreams = 3;
    private const int InitialWindowSize = 4;
    private const int MaxFrameSize = 5;

    /// <summary>A block that was begun has so long to end.</summary>
    private static readonly TimeSpan BlockTime = TimeSpan.FromSeconds(5);

    /// <summary>A frame of 16 KiB that was begun: as long as a peer may take nothing.</summary>
    private static readonly TimeSpan FrameTime = TimeSpan.FromSeconds(20);

    private readonly RequestHeaders _headers;
    private readonly UpstreamSettings _settings;
    private readonly PingInterval _pings;
    private readonly Dictionary<int, Http2Call> _calls = [];
    private readonly Stack<Http2Call> _spare = [];
    private readonly HpackDecoder _decoder = new();
    private readonly TaskCompletionSource _greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _block = new byte[512];
    private int _nextStream;
    private int _lastStream;
    private int _capacity = MostStreams;
    private int _peerFrame = Http2Frame.MaxLength;
    private int _peerStreamWindow = DefaultWindow;
    private long _window = DefaultWindow;
    private int _credit;
    private long _pingedAt;

    // What is being read.
    private int _blockOf;
    private int _blockLength;
    private bool _blockEndsStream;
    private Http2Call? _blockCall;
    private int _skip;

    /// <summary>When a frame or a block was begun that is not whole, as a timestamp; zero when there is none.</summary>
    private long _frameSince;

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

    protected override IEnumerable<UpstreamCall> Calls => _calls.Values;

    public override UpstreamCall Send(in UpstreamRequest request, CancellationToken cancellationToken)
    {
        if (TryBegin(request) is not { } call)
        {
            Release();
            throw NotSent();
        }

        if (!call.IsSent)
        {
            call.SendingStop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            call.Sending = SendAsync(call, request, call.SendingStop.Token);
        }

        if (_nextStream < 0)
        {
            // The numbers of streams are used up.
            Retire();
        }

        return call;
    }

    /// <summary>Ends a call; <see cref="Http2Call.DisposeAsync"/>.</summary>
    public ValueTask EndAsync(Http2Call call)
    {
        var id = (int)call.Id;
        var isSending = call.Sending is not null;
        var isLast = false;
        lock (Sync)
        {
            if (_calls.Remove(id) && !IsClosed && !(call.IsEnded && call.IsSent))
            {
                AppendReset(id, Http2Code.Cancel);
            }

            call.Room?.TrySetResult();
            isLast = !isSending && Recycle(call);
        }

        if (isSending)
        {
            return EndSendingAsync(call);
        }

        Released(isLast);
        return default;
    }

    /// <summary>Bytes of an answer were taken.</summary>
    public void Taken(Http2Call call, long count)
    {
        lock (Sync)
        {
            Free(count);
            Credit((int)count);
            Credit(call, (int)call.Id, (int)count);
        }
    }

    protected override int Read(ReadOnlySpan<byte> bytes)
    {
        var used = ReadFrames(bytes, out var isProgress);
        if (_blockOf == 0 && _skip == 0 && used == bytes.Length)
        {
            Volatile.Write(ref _frameSince, 0);
        }
        else if (_frameSince == 0 || (isProgress && _blockOf == 0))
        {
            Volatile.Write(ref _frameSince, ReadAt);
        }

        return used;
    }

    private int ReadFrames(ReadOnlySpan<byte> bytes, out bool isProgress)
    {
        var used = 0;
        isProgress = false;
        while (true)
        {
            var rest = bytes[used..];
            if (_skip > 0)
            {
                var skipped = Math.Min(_skip, rest.Length);
                _skip -= skipped;
                used += skipped;
                if (_skip > 0)
                {
                    return used;
                }

                isProgress = true;
                continue;
            }

            if (rest.Length < Http2Frame.HeaderBytes)
            {
                return used;
            }

            var frame = Http2Frame.Read(rest);
            EnsureExpected(frame);
            if (frame.Length > Http2Frame.MaxLength)
            {
                Skip(frame);
                used += Http2Frame.HeaderBytes;
                continue;
            }

            if (rest.Length < Http2Frame.HeaderBytes + frame.Length)
            {
                return used;
            }

            Handle(frame, rest.Slice(Http2Frame.HeaderBytes, frame.Length));
            isProgress = true;
            used += Http2Frame.HeaderBytes + frame.Length;
        }
    }

    protected override void LookAfter()
    {
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
                    Span<byte> number = stackalloc byte[8];
                    number.Clear();
                    Append(Http2Frame.Ping, 0, 0, number);
                }
            }
        }
    }

    private bool IsStuck() =>
        Volatile.Read(ref _frameSince) is not 0 and var since && Time.GetElapsedTime(since) > (Volatile.Read(ref _blockOf) != 0 ? BlockTime : FrameTime);

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

    private static AnswerException NotSent() => AnswerException.Unreachable("the connection has ended", isReplayable: true);

    private void Greet()
    {
        var preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;
        preface.CopyTo(Output.Room(preface.Length));
        Output.Append(preface.Length);
        Span<byte> settings = stackalloc byte[12];
        BinaryPrimitives.WriteInt16BigEndian(settings, EnablePush);
        BinaryPrimitives.WriteInt32BigEndian(settings[2..], 0);
        BinaryPrimitives.WriteInt16BigEndian(settings[6..], InitialWindowSize);
        BinaryPrimitives.WriteInt32BigEndian(settings[8..], _settings.StreamWindow);
        Append(Http2Frame.Settings, 0, 0, settings);
        AppendNumber(Http2Frame.WindowUpdate, 0, MaxUntaken - DefaultWindow);
    }

    private void EnsureExpected(Http2Frame frame)
    {
        if (!_greeted.Task.IsCompleted && (frame.Type != Http2Frame.Settings || frame.Has(Http2Frame.Ack) || frame.Length > Http2Frame.MaxLength))
        {
            throw new UnreadableException(
                Http2Code.Protocol, "the sub-service does not answer in HTTP/2; if it speaks HTTP/1.1 alone, its cluster needs the metadata \"Protocol\": \"http\"");
        }

        if (_blockOf != 0 && (frame.Type != Http2Frame.Continuation || frame.Stream != _blockOf))
        {
            throw new UnreadableException(Http2Code.Protocol, "the sub-service begins another frame within a header");
        }
    }

    /// <summary>A frame that is too long: data of a call is passed over, and anything else would have to be read for all.</summary>
    private void Skip(Http2Frame frame)
    {
        if (frame.Type != Http2Frame.Data)
        {
            throw new UnreadableException(Http2Code.FrameSize, $"the sub-service sends a frame of {frame.Length} bytes, of type {frame.Type}");
        }

        EnsureOpened(frame);
        _skip = frame.Length;
        lock (Sync)
        {
            Credit(frame.Length);
        }

        FailStream(frame.Stream, Http2Code.FrameSize, AnswerException.Garbled($"the answer has a frame of {frame.Length} bytes"));
    }

    /// <summary>Of streams that the gateway never began a peer has nothing to say: RFC 9113, section 5.1.</summary>
    private void EnsureOpened(Http2Frame frame)
    {
        if (frame.Stream > Volatile.Read(ref _lastStream) || (frame.Stream & 1) == 0)
        {
            throw new UnreadableException(Http2Code.Protocol, $"the sub-service sends a frame of type {frame.Type} of stream {frame.Stream}, which nobody has begun");
        }
    }

    private void Handle(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        switch (frame.Type)
        {
            case Http2Frame.Data:
                HandleData(frame, payload);
                break;
            case Http2Frame.Headers:
                HandleHeaders(frame, payload);
                break;
            case Http2Frame.Continuation:
                HandleContinuation(frame, payload);
                break;
            case Http2Frame.RstStream:
                HandleReset(frame, payload);
                break;
            case Http2Frame.Settings:
                HandleSettings(frame, payload);
                break;
            case Http2Frame.Ping:
                HandlePing(frame, payload);
                break;
            case Http2Frame.GoAway:
                HandleGoAway(frame, payload);
                break;
            case Http2Frame.WindowUpdate:
                HandleWindowUpdate(frame, payload);
                break;
            case Http2Frame.PushPromise:
                throw new UnreadableException(Http2Code.Protocol, "the sub-service pushes, which the gateway has declined");
            default:
                // Priorities say nothing to a client, and what nobody knows is ignored: RFC 9113, section 5.5.
                break;
        }
    }

    private void HandleData(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        EnsureOpened(frame);
        var data = Unpadded(frame, payload);
        var call = Find(frame.Stream);
        var isTaken = false;
        if (call is null)
        {
            // The call is over already.
        }
        else if (!call.HasHeader || call.IsEnded)
        {
            FailStream(frame.Stream, Http2Code.Protocol, AnswerException.Garbled("the answer has data before its header"));
        }
        else if (data.Length > 0 && !(isTaken = Deliver(call, frame.Stream, data)))
        {
            FailStream(frame.Stream, Http2Code.FlowControl, AnswerException.Unusable(
                $"the client takes the answer more slowly than the sub-service sends it, and more than {MaxUntaken >> 20} MiB would be held"));
        }
        else if (frame.Has(Http2Frame.EndStream))
        {
            End(call, frame.Stream);
        }

        var notTaken = payload.Length - (isTaken ? data.Length : 0);
        if (notTaken > 0)
        {
            lock (Sync)
            {
                Credit(notTaken);
                if (isTaken)
                {
                    Credit(call!, frame.Stream, notTaken);
                }
            }
        }
    }

    private void HandleHeaders(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        var fragment = Unpadded(frame, payload);
        if (frame.Has(Http2Frame.HasPriority))
        {
            EnsureLength(frame, fragment.Length >= 5);
            fragment = fragment[5..];
        }

        EnsureOpened(frame);
        _blockOf = frame.Stream;
        _blockLength = 0;
        _blockEndsStream = frame.Has(Http2Frame.EndStream);
        // One that has ended may be another one before the block ends.
        _blockCall = Find(frame.Stream) is { IsEnded: false } call ? call : null;
        ReadBlock(frame, fragment);
    }

    private void HandleContinuation(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        if (_blockOf == 0)
        {
            throw new UnreadableException(Http2Code.Protocol, "the sub-service continues a header that it has not begun");
        }

        ReadBlock(frame, payload);
    }

    private void ReadBlock(Http2Frame frame, ReadOnlySpan<byte> fragment)
    {
        _blockLength += fragment.Length;
        if (_blockLength > MaxBlock)
        {
            throw new UnreadableException(Http2Code.EnhanceYourCalm, $"the sub-service sends a header of more than {MaxBlock >> 20} MiB");
        }

        try
        {
            _decoder.Decode(fragment, _blockCall is null ? NoCall.Instance : _blockCall);
            if (!frame.Has(Http2Frame.EndHeaders))
            {
                return;
            }

            _decoder.End();
        }
        catch (HpackException exception)
        {
            throw new UnreadableException(Http2Code.Compression, exception.Message);
        }

        _blockOf = 0;
        if (_blockCall is { } call)
        {
            _blockCall = null;
            EndBlock(call, frame.Stream);
        }
    }

    private void EndBlock(Http2Call call, int stream)
    {
        if (call.HasHeader)
        {
            if (_blockEndsStream)
            {
                End(call, stream);
            }
            else
            {
                FailStream(stream, Http2Code.Protocol, AnswerException.Garbled("the answer goes on behind its trailers"));
            }
        }
        else if (call.Status is 0 or 101)
        {
            FailStream(stream, Http2Code.Protocol, AnswerException.Garbled("the answer has no HTTP status"));
        }
        else if (call.Status >= 200)
        {
            call.HasHeader = true;
            if (_blockEndsStream)
            {
                End(call, stream);
            }
            else
            {
                call.ForgetStatus();
            }
        }
        else if (_blockEndsStream)
        {
            FailStream(stream, Http2Code.Protocol, AnswerException.Garbled($"the answer ends with HTTP status {call.Status}"));
        }
        else
        {
            call.ForgetHeader();
        }
    }

    private void HandleReset(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        EnsureOpened(frame);
        EnsureLength(frame, payload.Length == 4);
        var code = BinaryPrimitives.ReadUInt32BigEndian(payload);
        var reason = $"the sub-service has ended the call by {Http2Code.NameOf(code)}";
        lock (Sync)
        {
            if (_calls.GetValueOrDefault(frame.Stream) is { } call)
            {
                Remove(call, code == Http2Code.RefusedStream
                    ? AnswerException.Unreachable(reason, isReplayable: false)
                    : AnswerException.Broken(reason, call.HasHeader ? Verdicts.Reach.Answered : Verdicts.Reach.PerhapsSent));
            }
        }
    }

    private void HandleSettings(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        if (frame.Has(Http2Frame.Ack))
        {
            return;
        }

        EnsureLength(frame, payload.Length % 6 == 0);
        bool isMore;
        lock (Sync)
        {
            var capacity = _capacity;
            for (; !payload.IsEmpty; payload = payload[6..])
            {
                Apply(BinaryPrimitives.ReadUInt16BigEndian(payload), BinaryPrimitives.ReadUInt32BigEndian(payload[2..]));
            }

            if (!IsClosed)
            {
                Append(Http2Frame.Settings, Http2Frame.Ack, 0, default);
            }

            WakeAll();
            isMore = _capacity > capacity;
        }

        _greeted.TrySetResult();
        if (isMore)
        {
            TellChanged();
        }
    }

    private void Apply(int setting, uint value)
    {
        switch (setting)
        {
            case MaxConcurrentStreams:
                _capacity = (int)Math.Min(value, MostStreams);
                break;
            case InitialWindowSize when value > int.MaxValue:
                throw new UnreadableException(Http2Code.FlowControl, $"the sub-service announces a window of {value} bytes");
            case InitialWindowSize:
                // It may make windows negative: RFC 9113, section 6.9.2.
                foreach (var call in _calls.Values)
                {
                    call.Window += (int)value - _peerStreamWindow;
                }

                _peerStreamWindow = (int)value;
                break;
            case MaxFrameSize when value is < Http2Frame.MaxLength or > 0xff_ffff:
                throw new UnreadableException(Http2Code.Protocol, $"the sub-service announces frames of {value} bytes");
            case MaxFrameSize:
                _peerFrame = (int)Math.Min(value, 64 << 10);
                break;
            default:
                break;
        }
    }

    private void HandlePing(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        EnsureLength(frame, payload.Length == 8);
        lock (Sync)
        {
            // That the peer answers is seen by its being heard at all.
            if (!frame.Has(Http2Frame.Ack) && !IsClosed)
            {
                Append(Http2Frame.Ping, Http2Frame.Ack, 0, payload);
            }
        }
    }

    private void HandleGoAway(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        EnsureLength(frame, payload.Length >= 8);
        var last = Http2Frame.ReadNumber(payload);
        var code = BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        if (code == Http2Code.EnhanceYourCalm)
        {
            _pings.SlowDown();
        }

        List<Http2Call> refused = [];
        lock (Sync)
        {
            // Nor is anything heard of calls that had taken their places already.
            _nextStream = -1;
            foreach (var (stream, call) in _calls)
            {
                if (stream > last)
                {
                    refused.Add(call);
                }
            }

            foreach (var call in refused)
            {
                var reason = $"the sub-service takes no more calls on this connection ({Http2Code.NameOf(code)})";
                Remove(call, call.IsAnswered ? FailureOf(call, reason) : AnswerException.Unreachable(reason, isReplayable: true));
            }
        }

        Retire();
    }

    private void HandleWindowUpdate(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        EnsureLength(frame, payload.Length == 4);
        var more = Http2Frame.ReadNumber(payload);
        var isTooMuch = false;
        lock (Sync)
        {
            if (frame.Stream == 0)
            {
                _window += more;
                if (more == 0 || _window > int.MaxValue)
                {
                    throw new UnreadableException(Http2Code.FlowControl, $"the sub-service makes the window {more} bytes larger");
                }

                WakeAll();
            }
            else if (_calls.TryGetValue(frame.Stream, out var call))
            {
                call.Window += more;
                isTooMuch = more == 0 || call.Window > int.MaxValue;
                call.Room?.TrySetResult();
            }
        }

        if (isTooMuch)
        {
            FailStream(frame.Stream, Http2Code.FlowControl, AnswerException.Garbled($"the sub-service makes the call's window {more} bytes larger"));
        }
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
                AppendReset(stream, code);
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

    /// <summary>A call is over for the peer. Under the lock: whoever sends its request learns that it is over, and must not say first why.</summary>
    private void Remove(Http2Call call, Exception failure)
    {
        _calls.Remove((int)call.Id);
        call.Complete(call.Id, failure);
        call.Room?.TrySetResult();
    }

    private static ReadOnlySpan<byte> Unpadded(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        if (!frame.Has(Http2Frame.Padded))
        {
            return payload;
        }

        EnsureLength(frame, payload.Length > 0 && payload[0] < payload.Length);
        return payload[1..^payload[0]];
    }

    private static void EnsureLength(Http2Frame frame, bool isRight)
    {
        if (!isRight)
        {
            throw new UnreadableException(Http2Code.FrameSize, $"the sub-service sends a frame of type {frame.Type} that cannot have {frame.Length} bytes");
        }
    }

    /// <summary>Begins a stream, and sends the request if it is small; null when there can be no more streams.</summary>
    private Http2Call? TryBegin(in UpstreamRequest request)
    {
        lock (Sync)
        {
            if (IsClosed || _nextStream < 0)
            {
                return null;
            }

            var call = _spare.Count > 0 ? _spare.Pop() : new Http2Call(this);
            Volatile.Write(ref _lastStream, _nextStream);
            call.Begin(_nextStream);
            call.Window = _peerStreamWindow;
            call.KeepsFields = request.OnHeader is not null;
            _calls.Add(_nextStream, call);
            AppendHeaders(_nextStream, _headers.Write(request, ref _block));
            if (request.Rest is null && request.Message.Length <= SmallRequest)
            {
                TryAppendSmall(call, request.Message);
            }

            _nextStream = _nextStream > int.MaxValue - 2 ? -1 : _nextStream + 2;
            return call;
        }
    }

    /// <summary>Sends a request that does not go out at once.</summary>
    private async Task SendAsync(Http2Call call, UpstreamRequest request, CancellationToken cancellationToken)
    {
        var id = call.Id;
        var piece = ArrayPool<byte>.Shared.Rent(request.Rest is null ? GrpcFrame.HeaderBytes : Http2Frame.MaxLength);
        try
        {
            GrpcFrame.WriteHeader(piece, (uint)request.Length!.Value);
            await WriteAsync(call, piece.AsMemory(0, GrpcFrame.HeaderBytes), isEnd: false, cancellationToken);
            foreach (var part in request.Message)
            {
                await WriteAsync(call, part, isEnd: false, cancellationToken);
            }

            if (request.Rest is { } rest)
            {
                await rest.CopyToAsync((bytes, token) => WriteAsync(call, bytes, isEnd: false, token), piece.AsMemory(0, Http2Frame.MaxLength), cancellationToken);
            }

            await WriteAsync(call, default, isEnd: true, cancellationToken);
        }
        catch (Exception exception)
        {
            // Of a call that has ended for a reason of its own nobody hears it.
            call.Complete(id, exception);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>Sends as much as the windows allow, and waits for the rest.</summary>
    /// <exception cref="OperationCanceledException">The call has ended.</exception>
    private async ValueTask WriteAsync(Http2Call call, ReadOnlyMemory<byte> bytes, bool isEnd, CancellationToken cancellationToken)
    {
        while (isEnd || !bytes.IsEmpty)
        {
            Task room;
            lock (Sync)
            {
                var id = (int)call.Id;
                if (IsClosed || !_calls.ContainsKey(id))
                {
                    throw new OperationCanceledException("The call is over.", new CancellationToken(canceled: true));
                }

                if (Output.Waiting > OutputQueue.Enough)
                {
                    room = Output.DrainAsync();
                }
                else
                {
                    // A window may be negative, and the end needs none.
                    var count = (int)Math.Max(0, Math.Min(Math.Min(bytes.Length, _peerFrame), Math.Min(_window, call.Window)));
                    if (count > 0 || bytes.IsEmpty)
                    {
                        var isLast = isEnd && count == bytes.Length;
                        AppendData(call, bytes.Span[..count], isLast);
                        bytes = bytes[count..];
                        if (bytes.IsEmpty)
                        {
                            return;
                        }

                        continue;
                    }

                    room = (call.Room = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                }
            }

            await room.WaitAsync(cancellationToken);
        }
    }

    private void TryAppendSmall(Http2Call call, in ReadOnlySequence<byte> message)
    {
        var length = GrpcFrame.HeaderBytes + (int)message.Length;
        if (length > Math.Min(_window, call.Window))
        {
            return;
        }

        var room = Output.Room(Http2Frame.HeaderBytes + length);
        Http2Frame.Write(room, length, Http2Frame.Data, Http2Frame.EndStream, (int)call.Id);
        GrpcFrame.WriteHeader(room[Http2Frame.HeaderBytes..], (uint)message.Length);
        message.CopyTo(room[(Http2Frame.HeaderBytes + GrpcFrame.HeaderBytes)..]);
        Output.Append(Http2Frame.HeaderBytes + length);
        Sent(call, length, isLast: true);
    }

    private void AppendData(Http2Call call, ReadOnlySpan<byte> bytes, bool isLast)
    {
        Append(Http2Frame.Data, isLast ? Http2Frame.EndStream : (byte)0, (int)call.Id, bytes);
        Sent(call, bytes.Length, isLast);
    }

    private void Sent(Http2Call call, int count, bool isLast)
    {
        _window -= count;
        call.Window -= count;
        if (isLast)
        {
            call.IsSent = true;
            call.RequestEnd = Output.End;
        }
    }

    private void AppendHeaders(int stream, ReadOnlySpan<byte> block)
    {
        var type = Http2Frame.Headers;
        do
        {
            var piece = block[..Math.Min(block.Length, Http2Frame.MaxLength)];
            block = block[piece.Length..];
            Append(type, block.IsEmpty ? Http2Frame.EndHeaders : (byte)0, stream, piece);
            type = Http2Frame.Continuation;
        }
        while (!block.IsEmpty);
    }

    private void AppendReset(int stream, int code) => AppendNumber(Http2Frame.RstStream, stream, code);

    private void AppendNumber(byte type, int stream, int number)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, number);
        Append(type, 0, stream, payload);
    }

    private void Append(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var room = Output.Room(Http2Frame.HeaderBytes + payload.Length);
        Http2Frame.Write(room, payload.Length, type, flags, stream);
        payload.CopyTo(room[Http2Frame.HeaderBytes..]);
        Output.Append(Http2Frame.HeaderBytes + payload.Length);
    }

    /// <summary>The peer may send so many bytes more on the connection. It hears of many at once.</summary>
    private void Credit(int count)
    {
        _credit += count;
        if (_credit >= MaxUntaken / 4 && !IsClosed)
        {
            AppendNumber(Http2Frame.WindowUpdate, 0, _credit);
            _credit = 0;
        }
    }

    /// <summary>The peer may send so many bytes more of an answer.</summary>
    private void Credit(Http2Call call, int stream, int count)
    {
        if (IsClosed || _calls.GetValueOrDefault(stream) != call || call.IsEnded)
        {
            return;
        }

        call.Credit += count;
        if (call.Credit >= _settings.StreamWindow / 2)
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

    private async ValueTask EndSendingAsync(Http2Call call)
    {
        await call.SendingStop!.CancelAsync();
        // How it ended was told to the reader of the answer.
        await call.Sending!.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        call.SendingStop.Dispose();
        bool isLast;
        lock (Sync)
        {
            isLast = Recycle(call);
        }

        Released(isLast);
    }

    /// <summary>Nobody needs the call any more. Under the lock.</summary>
    private bool Recycle(Http2Call call)
    {
        // Of a call that the peer has not ended, the reader may be reading a header this moment.
        var isDone = call.IsEnded;
        var left = (int)call.Reset();
        Free(left);
        Credit(left);
        if (isDone && _spare.Count < MaxSpareCalls)
        {
            _spare.Push(call);
        }

        return TakeBackPlace();
    }

    /// <summary>Hears a header that is nobody's: it has to be read all the same, for those that follow.</summary>
    private sealed class NoCall : IHeaderSink
    {
        public static readonly NoCall Instance = new();

        public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
        }
    }
}
