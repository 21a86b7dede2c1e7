using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Chaos.Load;

/// <summary>
/// Clients without a session that post large requests to the routes where the gateway has most reason to hold them. Each sends as long as the
/// gateway takes it, and comes back when it has been refused.
/// </summary>
internal sealed class Strangers : IAsyncDisposable
{
    public const int Count = 500;

    private const int MessageBytes = 60 << 20;

    private const int PieceBytes = 64 << 10;

    /// <summary>Between two pieces: all of them together send 100 MiB a second, and leave honest clients on the same machine some of it.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(300);

    /// <summary>Before a stranger comes back. What stands between gateways and Redis runs in this process as well, and needs its turn.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private static readonly byte[] Piece = new byte[PieceBytes];

    /// <summary>The path, and the field of a message there that may be large.</summary>
    private static readonly (string Path, int Field)[] Routes =
    [
        ("/service/file/put_single_file", PutSingleFileReq.FileDataFieldNumber),
        ("/service/message_transmit/new_message", NewMessageReq.MessageFieldNumber),
        ("/service/speech/recognition", SpeechRecognitionReq.SpeechContentFieldNumber),
    ];

    private readonly CancellationTokenSource _ending = new();
    private readonly Task[] _strangers;
    private int _refused;
    private long _sent;

    public Strangers(Uri gateway) => _strangers = [.. Enumerable.Range(0, Count).Select(stranger => Task.Run(() => RunAsync(gateway, stranger)))];

    /// <summary>How many requests have been answered. Nobody let them in, so all of these were refused.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Bytes that all of them have sent.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_strangers);
        _ending.Dispose();
    }

    private async Task RunAsync(Uri gateway, int stranger)
    {
        // One after another, as they come back later.
        await Task.Delay(Pause * stranger / Count, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                await PostAsync(gateway, stranger);
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // The gateway has had enough of it, or the run has.
            }

            await Task.Delay(Pause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PostAsync(Uri gateway, int stranger)
    {
        var (path, field) = Routes[stranger % Routes.Length];
        using var connection = new TcpClient();
        await connection.ConnectAsync(gateway.Host, gateway.Port, _ending.Token);
        var stream = connection.GetStream();
        var beginning = Beginning(field);
        // Two of three do not say how long it is.
        var (framing, chunk) = stranger % 9 < 3
            ? ($"Content-Length: {beginning.Length + MessageBytes}", "")
            : ("Transfer-Encoding: chunked", string.Create(CultureInfo.InvariantCulture, $"{beginning.Length + MessageBytes:x}\r\n"));
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/x-protobuf\r\n{framing}\r\n\r\n{chunk}"), _ending.Token);
        await stream.WriteAsync(beginning, _ending.Token);
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        var sending = SendAsync(stream, answered.Token);
        if (await stream.ReadAsync(new byte[1], _ending.Token) > 0)
        {
            Interlocked.Increment(ref _refused);
        }

        await answered.CancelAsync();
        await sending;
    }

    private async Task SendAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        try
        {
            for (var sent = 0; sent < MessageBytes; sent += PieceBytes)
            {
                await stream.WriteAsync(Piece, cancellationToken);
                Interlocked.Add(ref _sent, PieceBytes);
                await Task.Delay(Pace, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // Whoever reads the answer knows.
        }
    }

    /// <summary>A message up to the bytes of its large field.</summary>
    private static byte[] Beginning(int field)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            output.WriteTag(1, WireFormat.WireType.LengthDelimited);
            output.WriteString("stranger");
            output.WriteTag(field, WireFormat.WireType.LengthDelimited);
            output.WriteLength(MessageBytes);
        }

        return bytes.ToArray();
    }
}
