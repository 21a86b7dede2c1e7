using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Upstream.Brpc;

/// <summary>
/// A client's side of a connection on which baidu_std is spoken. Answers come in any order, but each in one piece; and the protocol can neither
/// call a request back nor hold an answer up. So a call that ends early only leaves its number, and its late answer is passed over.
/// </summary>
/// <param name="stream">The connection, of which nothing has been read or written.</param>
/// <param name="methods">What is known of methods.</param>
/// <param name="time">The clock.</param>
/// <param name="isForOne">It carries one call at a time, which may be large. Then it is read no faster than the answer is taken.</param>
internal sealed class BrpcConnection(Stream stream, BrpcMethods methods, TimeProvider time, bool isForOne) : UpstreamConnection(stream, time)
{
    /// <summary>The longest request that shares a connection with others, in bytes.</summary>
    public const int MaxShared = 256 << 10;

    /// <summary>A request up to this length goes out also where much waits already, in bytes.</summary>
    private const int SmallRequest = 8 << 10;

    /// <summary>How many bytes of an answer may wait for its client before a connection of one call is not read any more.</summary>
    private const int HeldAhead = 1 << 20;

    private const int PieceLength = 16 << 10;
    private const int MostCalls = 1000;

    /// <summary>How long an answer that was begun may pause: all others behind it wait too.</summary>
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(20);

    private readonly Dictionary<long, BrpcCall> _calls = [];
    private long _lastId;
    private TaskCompletionSource? _room;
    private long _resumedAt;

    // What is being read.
    private byte[] _meta = [];
    private int _metaFilled;
    private int _rest;
    private BrpcCall? _call;
    private long _callId;
    private int _message;
    private int _skip;
    private bool _isWithin;

    protected override int Capacity => isForOne ? 1 : MostCalls;

    protected override IEnumerable<UpstreamCall> Calls => _calls.Values;

    /// <summary>Ends a call; <see cref="BrpcCall.DisposeAsync"/>.</summary>
    public ValueTask EndAsync(BrpcCall call)
    {
        bool isInTheWay;
        lock (Sync)
        {
            _calls.Remove(call.Id);
            // Behind a request that is not whole nothing can be read, and an answer that nobody takes would have to come whole before another.
            isInTheWay = isForOne && !(call.IsEnded && call.IsSent);
        }

        if (isInTheWay)
        {
            Fail(new IOException("the call was given up"));
        }

        return LetGoAsync(call);
    }

    /// <summary>Bytes of an answer were taken.</summary>
    public void Taken(long count)
    {
        lock (Sync)
        {
            Free(count);
        }
    }

    protected override UpstreamCall MakeCall() => new BrpcCall(this);

    protected override Task RoomAsync()
    {
        lock (Sync)
        {
            return isForOne && !IsClosed && Untaken > HeldAhead
                ? (_room = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task
                : Task.CompletedTask;
        }
    }

    protected override int Read(ReadOnlySpan<byte> bytes)
    {
        var used = 0;
        for (int count; (count = ReadSome(bytes[used..])) > 0; used += count)
        {
        }

        Volatile.Write(ref _isWithin, used < bytes.Length || _metaFilled < _meta.Length || _message > 0 || _skip > 0);
        return used;
    }

    protected override void LookAfter()
    {
        lock (Sync)
        {
            if (_room is not null || Time.GetElapsedTime(Math.Max(ReadAt, _resumedAt)) <= MaxPause)
            {
                return;
            }
        }

        if (Volatile.Read(ref _isWithin))
        {
            Fail(new IOException($"the sub-service has sent nothing for {MaxPause.TotalSeconds} s, within an answer"));
        }
    }

    protected override void SayGoodbye(UnreadableException? reason)
    {
        // The protocol has no words for it.
    }

    protected override void WakeSenders(Exception reason)
    {
        lock (Sync)
        {
            Resume();
        }
    }

    private int ReadSome(ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty ? 0
        : _metaFilled < _meta.Length ? ReadMeta(bytes)
        : _message > 0 ? ReadMessage(bytes)
        : _skip > 0 ? Skip(bytes)
        : ReadHeader(bytes);

    private int ReadHeader(ReadOnlySpan<byte> bytes)
    {
        if (!BrpcFrame.TryRead(bytes, out var frame))
        {
            return 0;
        }

        if (bytes.Length - BrpcFrame.HeaderBytes >= frame.Meta)
        {
            BeginAnswer(new BrpcMeta(bytes.Slice(BrpcFrame.HeaderBytes, frame.Meta)), frame.Rest);
            return BrpcFrame.HeaderBytes + frame.Meta;
        }

        _meta = new byte[frame.Meta];
        _metaFilled = 0;
        _rest = frame.Rest;
        return BrpcFrame.HeaderBytes;
    }

    private int ReadMeta(ReadOnlySpan<byte> bytes)
    {
        var count = Math.Min(bytes.Length, _meta.Length - _metaFilled);
        bytes[..count].CopyTo(_meta.AsSpan(_metaFilled));
        _metaFilled += count;
        if (_metaFilled == _meta.Length)
        {
            BeginAnswer(new BrpcMeta(_meta), _rest);
            _meta = [];
            _metaFilled = 0;
        }

        return count;
    }

    private int ReadMessage(ReadOnlySpan<byte> bytes)
    {
        var piece = bytes[..Math.Min(bytes.Length, _message)];
        _message -= piece.Length;
        if (_call is { } call)
        {
            if (!Deliver(call, _callId, piece))
            {
                _call = null;
                End(call, _callId, AnswerException.Unusable(
                    $"the client takes the answer more slowly than the sub-service sends it, and more than {MaxUntaken >> 20} MiB would be held"));
            }
            else if (_message == 0)
            {
                _call = null;
                End(call, _callId);
            }
        }

        return piece.Length;
    }

    private int Skip(ReadOnlySpan<byte> bytes)
    {
        var count = Math.Min(bytes.Length, _skip);
        _skip -= count;
        return count;
    }

    private void BeginAnswer(in BrpcMeta meta, int rest)
    {
        // Of a call that has ended, and of one that never was, nothing is wanted.
        if (meta.CorrelationId is not { } id || Find(id) is not { } call)
        {
            _skip = rest;
            return;
        }

        var failure = FailureOf(meta, rest);
        var length = failure is null ? rest - meta.AttachmentSize : 0;
        call.BeginAnswer(meta, length, failure);
        (_message, _skip) = (length, rest - length);
        if (length == 0)
        {
            End(call, id);
            return;
        }

        (_call, _callId) = (call, id);
        if (length > BrpcMethod.LargeAnswer)
        {
            call.Method?.AnsweredLargely(Time);
        }
    }

    private static AnswerException? FailureOf(in BrpcMeta meta, int rest) =>
        !meta.IsSound ? AnswerException.Garbled("what the answer says of itself (RpcMeta) cannot be read")
        : meta.ErrorCode != 0 ? BrpcStatus.Failure(meta.ErrorCode, meta.ErrorText)
        : meta.AttachmentSize < 0 || meta.AttachmentSize > rest
            ? AnswerException.Garbled($"the answer has {meta.AttachmentSize} bytes attached to it, of {rest} that it has at all")
        : meta.CompressType != 0 ? BrpcStatus.Compressed(meta.CompressType)
        : null;

    private BrpcCall? Find(long id)
    {
        lock (Sync)
        {
            return _calls.GetValueOrDefault(id);
        }
    }

    private void End(BrpcCall call, long id, AnswerException? failure = null)
    {
        lock (Sync)
        {
            call.IsEnded = true;
            _calls.Remove(id);
        }

        call.Complete(id, failure);
    }

    protected override UpstreamCall? TryBegin(in UpstreamRequest request)
    {
        lock (Sync)
        {
            if (IsClosed)
            {
                return null;
            }

            var call = (BrpcCall)TakeCall(++_lastId, request);
            call.Method = methods.Of(request.Path);
            _calls.Add(_lastId, call);
            if (request.Remainder is null && request.Message.Length <= SmallRequest)
            {
                AppendWhole(call, request);
            }
            else if (IsWhole(request))
            {
                TryAppendWhole(call, request, out _);
            }

            return call;
        }
    }

    /// <summary>Such a request is not divided in the output, so that others may go out at the same time.</summary>
    private static bool IsWhole(in UpstreamRequest request) => request.Remainder is null && request.Message.Length <= MaxShared;

    protected override async Task SendAsync(UpstreamCall call, UpstreamRequest request, CancellationToken cancellationToken)
    {
        var brpc = (BrpcCall)call;
        if (!IsWhole(request))
        {
            await SendDividedAsync(brpc, request, cancellationToken);
            return;
        }

        while (!TryAppendWhole(brpc, request, out var drained))
        {
            await drained.WaitAsync(cancellationToken);
        }
    }

    private async Task SendDividedAsync(BrpcCall call, UpstreamRequest request, CancellationToken cancellationToken)
    {
        var piece = ArrayPool<byte>.Shared.Rent(PieceLength);
        try
        {
            lock (Sync)
            {
                EnsureUnderWay(call);
                AppendHeader(call, request);
            }

            foreach (var part in request.Message)
            {
                await WriteAsync(call, part, cancellationToken);
            }

            if (request.Remainder is { } rest)
            {
                await rest.CopyToAsync((bytes, token) => WriteAsync(call, bytes, token), piece.AsMemory(0, PieceLength), cancellationToken);
            }

            lock (Sync)
            {
                EnsureUnderWay(call);
                call.RequestEnd = Output.End;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <exception cref="OperationCanceledException">The call has ended.</exception>
    private async ValueTask WriteAsync(BrpcCall call, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var piece = bytes[..Math.Min(bytes.Length, OutputQueue.HighWater)];
            while (!TryAppend(call, piece.Span, out var drained))
            {
                await drained.WaitAsync(cancellationToken);
            }

            bytes = bytes[piece.Length..];
        }
    }

    private bool TryAppend(BrpcCall call, ReadOnlySpan<byte> bytes, [NotNullWhen(false)] out Task? drained)
    {
        lock (Sync)
        {
            if (IsFull(call, out drained))
            {
                return false;
            }

            bytes.CopyTo(Output.Room(bytes.Length));
            Output.Append(bytes.Length);
            return true;
        }
    }

    private bool TryAppendWhole(BrpcCall call, in UpstreamRequest request, [NotNullWhen(false)] out Task? drained)
    {
        lock (Sync)
        {
            if (IsFull(call, out drained))
            {
                return false;
            }

            AppendWhole(call, request);
            return true;
        }
    }

    /// <summary>Whether enough waits to go out. Under the lock.</summary>
    /// <exception cref="OperationCanceledException">The call has ended.</exception>
    private bool IsFull(BrpcCall call, [NotNullWhen(true)] out Task? drained)
    {
        EnsureUnderWay(call);
        drained = Output.Waiting > OutputQueue.HighWater ? Output.DrainAsync() : null;
        return drained is not null;
    }

    private void EnsureUnderWay(BrpcCall call)
    {
        if (IsClosed || !_calls.ContainsKey(call.Id))
        {
            throw new OperationCanceledException("The call is over.", new CancellationToken(canceled: true));
        }
    }

    private void AppendWhole(BrpcCall call, in UpstreamRequest request)
    {
        AppendHeader(call, request);
        var length = (int)request.Message.Length;
        request.Message.CopyTo(Output.Room(length));
        Output.Append(length);
        call.RequestEnd = Output.End;
    }

    private void AppendHeader(BrpcCall call, in UpstreamRequest request)
    {
        var header = new BrpcRequest(call.Method!, request, call.Id);
        header.Write(Output.Room(header.Length));
        Output.Append(header.Length);
    }

    protected override void Freed(long count)
    {
        if (Untaken <= HeldAhead)
        {
            Resume();
        }
    }

    private void Resume()
    {
        if (_room is { } room)
        {
            _room = null;
            _resumedAt = Time.GetTimestamp();
            room.SetResult();
        }
    }
}
