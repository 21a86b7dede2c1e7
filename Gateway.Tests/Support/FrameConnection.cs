using System.Net.Sockets;
using static Gateway.Tests.Support.Http2Bytes;

namespace Gateway.Tests.Support;

/// <summary>One connection of a <see cref="FrameSubService"/>: HTTP/2 (RFC 9113) frame by frame, well-formed or not.</summary>
internal sealed class FrameConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly CancellationToken _ending;
    private bool _hasPreface;

    public FrameConnection(Socket socket, CancellationToken ending)
    {
        _socket = socket;
        _stream = new NetworkStream(socket);
        _ending = ending;
    }

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
            if (frame.Type is Http2FrameType.Settings or Http2FrameType.Ping && (frame.Flags & Ack) == 0)
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

    /// <summary>The headers of an answer that goes on.</summary>
    public Task BeginAnswerAsync(int stream) => HeadersAsync(stream, isEnd: false, (":status", "200"), ("content-type", "application/grpc"));

    public Task HeadersAsync(int stream, bool isEnd, params (string Name, string Value)[] fields) =>
        WriteAsync(Http2FrameType.Headers, EndHeaders | (isEnd ? EndStream : 0), stream, Fields(fields));

    public Task DataAsync(int stream, byte[] bytes) => WriteAsync(Http2FrameType.Data, 0, stream, bytes);

    public Task ResetStreamAsync(int stream, Http2Error error) => WriteAsync(Http2FrameType.RstStream, 0, stream, Number((int)error));

    /// <param name="last">The last stream that has been looked at.</param>
    /// <param name="error">Why.</param>
    public Task GoAwayAsync(int last, Http2Error error = Http2Error.None) => WriteAsync(Http2FrameType.GoAway, 0, 0, [.. Number(last), .. Number((int)error)]);

    public Task WriteAsync(Http2FrameType type, int flags, int stream, byte[] payload) => SendAsync(Frame(type, flags, stream, payload));

    /// <summary>Sends bytes that need not be frames.</summary>
    public async Task SendAsync(byte[] bytes) => await _stream.WriteAsync(bytes, _ending);

    /// <summary>Half-closes: nothing more is sent, and what comes is still read.</summary>
    public void FinishSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Cuts the connection with a TCP reset.</summary>
    public void Cut()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public void Dispose() => _stream.Dispose();
}
