using System.Buffers;
using System.Buffers.Binary;

namespace Gateway.Transforms.Upstream.Http2;

/// <content>What goes to the peer: requests, in frames and within its windows.</content>
internal sealed partial class Http2Connection
{
    /// <summary>A request up to this length goes out in one piece with its header, in bytes.</summary>
    private const int SmallRequest = 8 << 10;

    protected override UpstreamCall? TryBegin(in UpstreamRequest request)
    {
        lock (Sync)
        {
            if (IsClosed || _nextStream < 0)
            {
                return null;
            }

            var call = (Http2Call)TakeCall(_nextStream, request);
            Volatile.Write(ref _lastStream, _nextStream);
            call.Window = _peerStreamWindow;
            _calls.Add(_nextStream, call);
            AppendHeaders(_nextStream, _headers.Write(request, ref _block));
            if (request.Remainder is null && request.Message.Length <= SmallRequest)
            {
                TryAppendSmall(call, request.Message);
            }

            _nextStream = _nextStream > int.MaxValue - 2 ? -1 : _nextStream + 2;
            return call;
        }
    }

    protected override async Task SendAsync(UpstreamCall call, UpstreamRequest request, CancellationToken cancellationToken)
    {
        var stream = (Http2Call)call;
        var piece = ArrayPool<byte>.Shared.Rent(request.Remainder is null ? GrpcFrame.HeaderBytes : Http2Frame.MaxLength);
        try
        {
            GrpcFrame.WriteHeader(piece, (uint)request.Length!.Value);
            await WriteAsync(stream, piece.AsMemory(0, GrpcFrame.HeaderBytes), isEnd: false, cancellationToken);
            foreach (var part in request.Message)
            {
                await WriteAsync(stream, part, isEnd: false, cancellationToken);
            }

            if (request.Remainder is { } rest)
            {
                await rest.CopyToAsync((bytes, token) => WriteAsync(stream, bytes, isEnd: false, token), piece.AsMemory(0, Http2Frame.MaxLength), cancellationToken);
            }

            await WriteAsync(stream, default, isEnd: true, cancellationToken);
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

                if (Output.Waiting > OutputQueue.HighWater)
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

    private void AppendPing(long number)
    {
        Span<byte> payload = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(payload, number);
        Append(Http2Frame.Ping, 0, 0, payload);
    }

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
}
