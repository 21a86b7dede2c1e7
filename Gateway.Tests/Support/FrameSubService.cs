using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>
/// A sub-service that speaks just enough HTTP/2 to break its rules: a test is given each request that has come whole, and answers it frame
/// by frame on the <see cref="FrameConnection"/> it came on.
/// </summary>
internal sealed class FrameSubService : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;
    private int _connections;
    private int _openConnections;
    private int _requests;

    public FrameSubService()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>What is done with a connection before anything is read from it; by default the settings are sent.</summary>
    public Func<FrameConnection, Task> OnConnected { get; set; } = connection => connection.SettingsAsync();

    /// <summary>What is done with the request of a stream; by default it is answered with an empty message.</summary>
    public Func<FrameConnection, int, Task> OnRequest { get; set; } = (connection, stream) => connection.AnswerAsync(stream, []);

    /// <summary>Whether a request is worked on while those before it on its connection still are.</summary>
    public bool AnswersSideBySide { get; init; }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>How many connections have been made to it.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>How many of them neither side has closed.</summary>
    public int OpenConnections => Volatile.Read(ref _openConnections);

    public int Requests => Volatile.Read(ref _requests);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Eventually.That(() => OpenConnections == 0);
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var socket = await _listener.AcceptSocketAsync(_ending.Token);
            Interlocked.Increment(ref _connections);
            Interlocked.Increment(ref _openConnections);
            _ = ServeAsync(socket);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var owned = socket;
        using var connection = new FrameConnection(socket, _ending.Token);
        List<Task> answers = [];
        try
        {
            await OnConnected(connection);
            while (await connection.NextRequestAsync() is { } stream)
            {
                Interlocked.Increment(ref _requests);
                answers.Add(OnRequest(connection, stream));
                if (!AnswersSideBySide)
                {
                    await answers[^1];
                }
            }
        }
        catch (Exception over) when (over is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The gateway has closed the connection, the test has, or it is over.
        }
        finally
        {
            // Those that are still sending see the same end.
            await Task.WhenAll(answers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Interlocked.Decrement(ref _openConnections);
        }
    }
}
