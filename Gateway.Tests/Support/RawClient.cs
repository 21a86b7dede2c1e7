using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>The plainest of clients: it writes bytes to a socket, then reads one HTTP/1.1 response from it.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _tcp;
    private readonly BufferedStream _stream;

    private RawClient(TcpClient tcp)
    {
        _tcp = tcp;
        _stream = new BufferedStream(tcp.GetStream());
    }

    /// <param name="address">Where the server listens.</param>
    /// <param name="receiveBuffer">So much the system takes of what nobody reads, in bytes; null for as much as it likes.</param>
    public static async Task<RawClient> ConnectAsync(Uri address, int? receiveBuffer = null)
    {
        var tcp = new TcpClient { NoDelay = true };
        if (receiveBuffer is { } bytes)
        {
            tcp.ReceiveBufferSize = bytes;
        }

        await tcp.ConnectAsync(address.Host, address.Port).DefaultTimeout();
        return new RawClient(tcp);
    }

    /// <summary>Sends a request whose body is announced by its length, the whole of it before anything is read.</summary>
    public async Task PostAsync(string path, byte[] body, string headers = "Content-Type: application/x-protobuf\r\n")
    {
        await SendAsync($"POST {path} HTTP/1.1\r\nHost: gateway\r\n{headers}Content-Length: {body.Length}\r\n\r\n");
        await SendAsync(body);
    }

    public Task SendAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await _stream.WriteAsync(bytes).AsTask().DefaultTimeout();
        await _stream.FlushAsync().DefaultTimeout();
    }

    /// <summary>Sends to a server that may have closed the connection, which is no failure.</summary>
    public async Task TrySendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            // Past the buffer: what reads at the same time uses it.
            await _tcp.GetStream().WriteAsync(bytes).AsTask().DefaultTimeout();
        }
        catch (IOException)
        {
            // The server has closed it.
        }
    }

    /// <summary>Reads one response. Fails when the connection ends before it does.</summary>
    public async Task<RawResponse> ReadAsync()
    {
        var status = int.Parse((await ReadLineAsync()).Split(' ')[1], CultureInfo.InvariantCulture);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add(line[..colon], line[(colon + 1)..].Trim());
        }

        var body = headers.ContainsKey("Transfer-Encoding") ? await ReadChunksAsync() : await ReadBytesAsync(LengthOf(headers));
        return new RawResponse(status, headers, body);
    }

    /// <summary>Reads this many bytes. Fails when the connection ends before.</summary>
    public async Task<byte[]> ReadBytesAsync(int count)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes).AsTask().DefaultTimeout();
        return bytes;
    }

    /// <summary>Reads everything that comes until the other side closes, be it by a reset.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using var all = new MemoryStream();
        try
        {
            await _stream.CopyToAsync(all).DefaultTimeout();
        }
        catch (IOException exception) when (exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            // What came before it has been read.
        }

        return Encoding.Latin1.GetString(all.ToArray());
    }

    /// <summary>True when the other side has closed the connection and everything it sent has been read.</summary>
    public async Task<bool> IsClosedAsync() => await _stream.ReadAsync(new byte[1]).DefaultTimeout() == 0;

    public void Dispose()
    {
        _stream.Dispose();
        _tcp.Dispose();
    }

    private static int LengthOf(Dictionary<string, string> headers) =>
        int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture);

    private async Task<byte[]> ReadChunksAsync()
    {
        using var body = new MemoryStream();
        while (true)
        {
            var length = int.Parse(await ReadLineAsync(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body.Write(await ReadBytesAsync(length));
            await ReadLineAsync();
            if (length == 0)
            {
                return body.ToArray();
            }
        }
    }

    private async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        while ((await ReadBytesAsync(1))[0] is var next and not (byte)'\n')
        {
            line.Append((char)next);
        }

        return line.ToString().TrimEnd('\r');
    }
}
