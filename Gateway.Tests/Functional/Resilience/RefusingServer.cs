using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>
/// Speaks just enough HTTP/2 to say that it has not looked at a request, once it has all of it: by RST_STREAM with REFUSED_STREAM, or by
/// GOAWAY with the last stream 0 (RFC 9113, sections 6.8 and 8.7).
/// </summary>
internal sealed class RefusingServer : IAsyncDisposable
{
    private const int Preface = 24;
    private const byte Data = 0, Headers = 1, RstStream = 3, Settings = 4, GoAway = 7;
    private const byte EndStream = 1, Ack = 1;
    private const uint RefusedStream = 7;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly bool _goAway;
    private readonly Task _accepting;
    private int _requests;

    public RefusingServer(bool goAway)
    {
        _goAway = goAway;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public int Requests => Volatile.Read(ref _requests);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> serving = [];
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_ending.Token)));
            }
        }
        finally
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = client;
        try
        {
            var stream = client.GetStream();
            await stream.ReadExactlyAsync(new byte[Preface], _ending.Token);
            await WriteAsync(stream, Settings, 0, 0, []);
            var header = new byte[9];
            while (true)
            {
                await stream.ReadExactlyAsync(header, _ending.Token);
                var payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
                await stream.ReadExactlyAsync(payload, _ending.Token);
                var id = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(5));
                if (header[3] == Settings && header[4] != Ack)
                {
                    await WriteAsync(stream, Settings, Ack, 0, []);
                }
                else if (header[3] is Data or Headers && (header[4] & EndStream) != 0)
                {
                    Interlocked.Increment(ref _requests);
                    await (_goAway ? WriteAsync(stream, GoAway, 0, 0, new byte[8]) : WriteAsync(stream, RstStream, 0, id, [0, 0, 0, (byte)RefusedStream]));
                }
            }
        }
        catch (Exception over) when (over is IOException or OperationCanceledException)
        {
            // The other side has closed the connection, or the test is over.
        }
    }

    private async Task WriteAsync(NetworkStream stream, byte type, byte flags, uint id, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[2] = (byte)payload.Length;
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(5), id);
        payload.CopyTo(frame, 9);
        await stream.WriteAsync(frame, _ending.Token);
    }
}
