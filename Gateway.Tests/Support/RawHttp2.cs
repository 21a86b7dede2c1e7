using System.Net.Security;
using System.Net.Sockets;
using static Gateway.Tests.Support.Http2Bytes;

namespace Gateway.Tests.Support;

/// <summary>An HTTP/2 client over TLS that writes its frames byte by byte, also such as no library would.</summary>
internal sealed class RawHttp2 : IAsyncDisposable
{
    /// <summary>Small, so that not much has to be sent to a client that does not read.</summary>
    private const int ReceiveBuffer = 8192;

    private readonly SslStream _stream;

    private RawHttp2(SslStream stream) => _stream = stream;

    /// <summary>Connects, and sends the preface.</summary>
    /// <param name="address">Where the server speaks TLS.</param>
    /// <param name="authority">Who issued its certificate.</param>
    /// <param name="settings">The payload of the first SETTINGS frame; empty for the defaults.</param>
    public static async Task<RawHttp2> ConnectAsync(Uri address, TestAuthority authority, params byte[] settings)
    {
        var tcp = new TcpClient { NoDelay = true, ReceiveBufferSize = ReceiveBuffer };
        await tcp.ConnectAsync(address.Host, address.Port).DefaultTimeout();
        var stream = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, errors) => authority.Validates(certificate, errors));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", ApplicationProtocols = [SslApplicationProtocol.Http2] }).DefaultTimeout();
        var client = new RawHttp2(stream);
        await client.SendAsync(Preface.ToArray(), Frame(Http2FrameType.Settings, 0, 0, settings));
        return client;
    }

    public Task SendAsync(params IEnumerable<byte[]> frames) => _stream.WriteAsync(frames.SelectMany(frame => frame).ToArray()).AsTask().DefaultTimeout();

    /// <summary>False when the server has ended the connection.</summary>
    public async Task<bool> TrySendAsync(params IEnumerable<byte[]> frames)
    {
        try
        {
            await SendAsync(frames);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The next frame; null at the end of the connection, be it by a reset or by this client.</summary>
    public async Task<Http2Frame?> ReadAsync()
    {
        try
        {
            return await Http2Frame.ReadAsync(_stream, CancellationToken.None).DefaultTimeout();
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Reads until a frame of this type comes, past anything else; null when the connection ends before.</summary>
    public async Task<Http2Frame?> ReadAsync(Http2FrameType type, int? stream = null)
    {
        Http2Frame? frame;
        do
        {
            frame = await ReadAsync();
        }
        while (frame is not null && (frame.Type != type || (stream ?? frame.Stream) != frame.Stream));

        return frame;
    }

    /// <summary>Reads everything until the server ends the connection.</summary>
    public async Task<IReadOnlyList<Http2Frame>> ReadToEndAsync()
    {
        List<Http2Frame> frames = [];
        while (await ReadAsync() is { } frame)
        {
            frames.Add(frame);
        }

        return frames;
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    /// <summary>A whole request.</summary>
    public static byte[] Request(int stream, string path, byte[] body) =>
    [
        .. Frame(Http2FrameType.Headers, EndHeaders, stream, Head(path)),
        .. Frame(Http2FrameType.Data, EndStream, stream, body),
    ];

    /// <summary>The header fields of a POST, and some more.</summary>
    public static byte[] Head(string path, params (string Name, string Value)[] more) =>
        Fields([(":method", "POST"), (":scheme", "https"), (":authority", "localhost"), (":path", path), .. more]);
}
