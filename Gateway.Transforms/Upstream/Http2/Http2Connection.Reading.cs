using System.Buffers.Binary;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Upstream.Http2;

/// <content>What the peer sends: frames, and what each means.</content>
internal sealed partial class Http2Connection
{
    /// <summary>The longest header block: while one comes, no other call is read. 16 MiB is what gRPC in Go takes as well.</summary>
    private const int MaxBlock = 16 << 20;

    // RFC 9113, section 6.5.2.
    private const int EnablePush = 2;
    private const int MaxConcurrentStreams = 3;
    private const int InitialWindowSize = 4;
    private const int MaxFrameSize = 5;

    /// <summary>The time that a header block has from its first frame to its end.</summary>
    private static readonly TimeSpan BlockTime = TimeSpan.FromSeconds(5);

    /// <summary>The time that any other frame, of up to 16 KiB, has from its first byte to its last: as long as a peer may go on without taking anything.</summary>
    private static readonly TimeSpan FrameTime = TimeSpan.FromSeconds(20);

    /// <summary>The stream whose header block is being read; 0 while none is. Until the block ends nothing else may come (RFC 9113, section 6.10).</summary>
    private int _blockOf;
    private int _blockLength;
    private bool _blockEndsStream;

    /// <summary>The call that the block is for; null for one that is over.</summary>
    private Http2Call? _blockCall;

    /// <summary>How many bytes are still to be passed over of a frame that is too long.</summary>
    private int _skip;

    /// <summary>When a frame or a block was begun that is not whole, as a timestamp; zero when there is none.</summary>
    private long _frameSince;

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

    private bool IsStuck() =>
        Volatile.Read(ref _frameSince) is not 0 and var since && Time.GetElapsedTime(since) > (Volatile.Read(ref _blockOf) != 0 ? BlockTime : FrameTime);

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
        else if (!call.HasHeaders || call.IsEnded)
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
        HearOfCalls();
        _blockOf = frame.Stream;
        _blockLength = 0;
        _blockEndsStream = frame.Has(Http2Frame.EndStream);
        // One that has ended may be another one before the block ends.
        _blockCall = Find(frame.Stream) is { IsEnded: false } call ? call : null;
        ReadBlock(frame, fragment);
    }

    /// <summary>The peer sends something of a call, so that it takes another ping for no abuse.</summary>
    private void HearOfCalls()
    {
        if (_resets.HasToHear)
        {
            lock (Sync)
            {
                _resets.Hear();
                if (!IsClosed)
                {
                    AskForResets();
                }
            }
        }
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
        if (call.HasHeaders)
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
            call.HasHeaders = true;
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
            call.ForgetHeaders();
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
                    : AnswerException.Broken(reason, call.HasHeaders ? Verdicts.Reach.Answered : Verdicts.Reach.PerhapsSent));
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
        var read = 0;
        lock (Sync)
        {
            if (IsClosed)
            {
                return;
            }

            if (!frame.Has(Http2Frame.Ack))
            {
                Append(Http2Frame.Ping, Http2Frame.Ack, 0, payload);
            }
            else
            {
                // That the peer answers other pings is seen by its being heard at all.
                read = _resets.TakeRead(BinaryPrimitives.ReadInt64BigEndian(payload), Time.GetTimestamp());
            }
        }

        FreePlaces(read);
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

    /// <summary>Takes the headers of a call that is over: they have to be decoded all the same, for HPACK's table.</summary>
    private sealed class NoCall : IHeaderSink
    {
        public static readonly NoCall Instance = new();

        public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
        }
    }
}
