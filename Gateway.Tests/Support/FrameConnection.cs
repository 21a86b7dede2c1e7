using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>One connection of a <see cref="FrameSubService"/>: HTTP/2 (RFC 9113) frame by frame, well-formed or not.</summary>
internal sealed class FrameConnection : IDisposable
{
    private const int Preface = 24;
    private const int FrameHeader = 9;
    private const byte EndStream = 1, EndHeaders = 4, Ack = 1;

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
    public async Task<uint?> NextRequestAsync()
    {
        var header = new byte[FrameHeader];
        if (!_hasPreface)
        {
            await _stream.ReadExactlyAsync(new byte[Preface], _ending);
            _hasPreface = true;
        }

        while (await _stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, _ending) == header.Length)
        {
            var payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
            await _stream.ReadExactlyAsync(payload, _ending);
            var (type, flags) = ((Http2FrameType)header[3], header[4]);
            if (type is Http2FrameType.Settings or Http2FrameType.Ping && (flags & Ack) == 0)
            {
                await WriteAsync(type, Ack, 0, type == Http2FrameType.Ping ? payload : []);
            }
            else if (type == Http2FrameType.Data && payload.Length > 0)
            {
                // What has been read may be sent again: no test is about the client's patience.
                await WriteAsync(Http2FrameType.WindowUpdate, 0, 0, BigEndian((uint)payload.Length));
            }

            if (type is Http2FrameType.Data or Http2FrameType.Headers && (flags & EndStream) != 0)
            {
                return BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(5));
            }
        }

        return null;
    }

    /// <param name="settings">Identifiers and values; none for the defaults.</param>
    public Task SettingsAsync(params (ushort Id, uint Value)[] settings) => WriteAsync(
        Http2FrameType.Settings, 0, 0, [.. settings.SelectMany(setting => (byte[])[(byte)(setting.Id >> 8), (byte)setting.Id, .. BigEndian(setting.Value)])]);

    /// <summary>A whole good answer, as a gRPC server gives it.</summary>
    public async Task AnswerAsync(uint stream, byte[] message)
    {
        await BeginAnswerAsync(stream);
        await DataAsync(stream, StubSubService.Frame(message));
        await HeadersAsync(stream, isEnd: true, ("grpc-status", "0"));
    }

    /// <summary>The headers of an answer that goes on.</summary>
    public Task BeginAnswerAsync(uint stream) => HeadersAsync(stream, isEnd: false, (":status", "200"), ("content-type", "application/grpc"));

    public Task HeadersAsync(uint stream, bool isEnd, params (string Name, string Value)[] fields) =>
        WriteAsync(Http2FrameType.Headers, (byte)(EndHeaders | (isEnd ? EndStream : 0)), stream, Block(fields));

    public Task DataAsync(uint stream, byte[] bytes) => WriteAsync(Http2FrameType.Data, 0, stream, bytes);

    public Task ResetStreamAsync(uint stream, uint error) => WriteAsync(Http2FrameType.RstStream, 0, stream, BigEndian(error));

    /// <param name="last">The last stream that has been looked at.</param>
    /// <param name="error">Why; 0 for no error.</param>
    public Task GoAwayAsync(uint last, uint error = 0) => WriteAsync(Http2FrameType.GoAway, 0, 0, [.. BigEndian(last), .. BigEndian(error)]);

    public async Task WriteAsync(Http2FrameType type, byte flags, uint stream, byte[] payload) =>
        await SendAsync([.. BigEndian((uint)payload.Length)[1..], (byte)type, flags, .. BigEndian(stream), .. payload]);

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

    /// <summary>Fields as HPACK (RFC 7541, section 6.2.2) without tables or compression: lengths below 127 only.</summary>
    public static byte[] Block(params (string Name, string Value)[] fields) =>
        [.. fields.SelectMany(field => (byte[])[0, (byte)field.Name.Length, .. Encoding.ASCII.GetBytes(field.Name), (byte)field.Value.Length, .. Encoding.ASCII.GetBytes(field.Value)])];

    public void Dispose() => _stream.Dispose();

    private static byte[] BigEndian(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
