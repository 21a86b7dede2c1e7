using System.Buffers.Binary;
using System.Net.Sockets;
using static Gateway.Tests.Support.Http2Bytes;

namespace Gateway.Tests.Support;

/// <summary>One connection of a <see cref="FrameSubService"/>: HTTP/2 (RFC 9113) frame by frame, well-formed or not.</summary>
internal sealed class FrameConnection : IDisposable
{
    private const int MaxBurst = 64 * MaxFrame;

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly CancellationToken _ending;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly ConnectionWindow _window = new();
    private bool _hasPreface;

    public FrameConnection(Socket socket, CancellationToken ending)
    {
        _socket = socket;
        _stream = new NetworkStream(socket);
        _ending = ending;
    }

    /// <summary>Told of each frame that the gateway sends.</summary>
    public Action<Http2Frame>? OnFrame { get; set; }

    /// <summary>Whether pings are answered.</summary>
    public bool AnswersPings { get; set; } = true;

    /// <summary>The stream of the next request that has come whole; until then settings and pings are acknowledged. Null at the end of the connection.</summary>
    public async Task<int?> NextRequestAsync()
    {
        if (!_hasPreface)
        {
            await _stream.ReadExactlyAsync(new byte[Preface.Length], _ending);
            _hasPreface = true;
        }

        while (await Http2Frame.ReadAsync(_stream, _ending) is { } frame)
        {
            OnFrame?.Invoke(frame);
            if (frame.Type == Http2FrameType.WindowUpdate && frame.Stream == 0)
            {
                _window.Grow(BinaryPrimitives.ReadInt32BigEndian(frame.Payload));
            }
            else if ((frame.Type == Http2FrameType.Settings || (frame.Type == Http2FrameType.Ping && AnswersPings)) && (frame.Flags & Ack) == 0)
            {
                await WriteAsync(frame.Type, Ack, 0, frame.Type == Http2FrameType.Ping ? frame.Payload : []);
            }
            else if (frame.Type == Http2FrameType.Data && frame.Payload.Length > 0)
            {
                // What has been read may be sent again: no test is about the client's patience.
                await WriteAsync(Http2FrameType.WindowUpdate, 0, 0, Number(frame.Payload.Length));
            }

            if (frame.Type is Http2FrameType.Data or Http2FrameType.Headers && (frame.Flags & EndStream) != 0)
            {
                return frame.Stream;
            }
        }

        return null;
    }

    /// <param name="settings">Identifiers and values; none for the defaults.</param>
    public Task SettingsAsync(params (ushort Id, int Value)[] settings) => WriteAsync(
        Http2FrameType.Settings, 0, 0, [.. settings.SelectMany(setting => (byte[])[(byte)(setting.Id >> 8), (byte)setting.Id, .. Number(setting.Value)])]);

    /// <summary>A whole good answer, as a gRPC server gives it.</summary>
    public async Task AnswerAsync(int stream, byte[] message)
    {
        await BeginAnswerAsync(stream);
        await DataAsync(stream, StubSubService.Frame(message));
        await HeadersAsync(stream, isEnd: true, ("grpc-status", "0"));
    }

    /// <summary>
    /// A whole good answer as a brpc server gives it: many frames at a time, minding the window of the connection and those of streams not at all.
    /// </summary>
    /// <param name="stream">The request's.</param>
    /// <param name="message">The answer.</param>
    /// <param name="pace">Waited for before so many bytes have been sent; null for as fast as can be.</param>
    public async Task AnswerAsBrpcAsync(int stream, byte[] message, Func<int, Task>? pace = null)
    {
        await BeginAnswerAsync(stream);
        var sent = 0;
        foreach (var burst in StubSubService.Frame(message).Chunk(MaxBurst))
        {
            await _window.TakeAsync(burst.Length, _ending);
            sent += burst.Length;
            await (pace?.Invoke(sent) ?? Task.CompletedTask);
            await SendAsync([.. burst.Chunk(MaxFrame).SelectMany(piece => Frame(Http2FrameType.Data, 0, stream, piece))]);
        }

        await HeadersAsync(stream, isEnd: true, ("grpc-status", "0"));
    }

    /// <summary>The headers of an answer that goes on.</summary>
    public Task BeginAnswerAsync(int stream) => HeadersAsync(stream, isEnd: false, (":status", "200"), ("content-type", "application/grpc"));

    /// <summary>Header fields, in as many frames as they need.</summary>
    public Task HeadersAsync(int stream, bool isEnd, params (string Name, string Value)[] fields)
    {
        var end = isEnd ? EndStream : 0;
        var pieces = Fields(fields).Chunk(MaxFrame).ToArray();
        return SendAsync([.. pieces.SelectMany((piece, i) => Frame(
            i == 0 ? Http2FrameType.Headers : Http2FrameType.Continuation,
            (i == 0 ? end : 0) | (i == pieces.Length - 1 ? EndHeaders : 0),
            stream,
            piece))]);
    }

    public Task DataAsync(int stream, byte[] bytes) => WriteAsync(Http2FrameType.Data, 0, stream, bytes);

    public Task ResetStreamAsync(int stream, Http2Error error) => WriteAsync(Http2FrameType.RstStream, 0, stream, Number((int)error));

    /// <param name="last">The last stream that has been looked at.</param>
    /// <param name="error">Why.</param>
    public Task GoAwayAsync(int last, Http2Error error = Http2Error.None) => WriteAsync(Http2FrameType.GoAway, 0, 0, [.. Number(last), .. Number((int)error)]);

    public Task WriteAsync(Http2FrameType type, int flags, int stream, byte[] payload) => SendAsync(Frame(type, flags, stream, payload));

    /// <summary>Sends bytes that need not be frames.</summary>
    public async Task SendAsync(byte[] bytes)
    {
        await _sending.WaitAsync(_ending);
        try
        {
            await _stream.WriteAsync(bytes, _ending);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Half-closes: nothing more is sent, and what comes is still read.</summary>
    public void FinishSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Cuts the connection with a TCP reset.</summary>
    public void Cut()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public void Dispose()
    {
        _stream.Dispose();
        _sending.Dispose();
    }

    /// <summary>How much the gateway lets be sent to it on all streams together.</summary>
    private sealed class ConnectionWindow
    {
        private readonly Lock _lock = new();
        private long _left = 65535;
        private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Grow(int by)
        {
            lock (_lock)
            {
                _left += by;
                _grown.SetResult();
                _grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        public async Task TakeAsync(int count, CancellationToken cancellationToken)
        {
            while (true)
            {
                Task grown;
                lock (_lock)
                {
                    if (_left >= count)
                    {
                        _left -= count;
                        return;
                    }

                    grown = _grown.Task;
                }

                await grown.WaitAsync(cancellationToken);
            }
        }
    }
}
