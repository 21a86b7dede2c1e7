using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>A loopback port that passes everything on to another one, until a test cuts or stalls it.</summary>
internal sealed class TcpRelay : IAsyncDisposable
{
    private volatile int _targetPort;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<Socket, byte> _sockets = new();
    private readonly Task _accepting;
    private volatile TaskCompletionSource _flow = Open();
    private volatile TaskCompletionSource _answers = Open();
    private volatile bool _cut;

    public TcpRelay(int targetPort)
    {
        _targetPort = targetPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How fast clients can send; zero for as fast as they like.</summary>
    public int ClientBytesPerSecond { get; init; }

    public string Endpoint => $"http://127.0.0.1:{Port}";

    /// <summary>Closes all connections, and every new one at once, until <see cref="Restore"/>.</summary>
    public void Cut()
    {
        _cut = true;
        CloseAll();
    }

    /// <summary>Passes on to another port, and closes all connections, as an address that moves to another machine does.</summary>
    public void MoveTo(int targetPort)
    {
        _targetPort = targetPort;
        CloseAll();
    }

    /// <summary>Closes all connections once; new ones are served.</summary>
    public void CloseAll()
    {
        foreach (var socket in _sockets.Keys)
        {
            Close(socket);
        }
    }

    /// <summary>Keeps all connections open and passes nothing on, until <see cref="Restore"/>.</summary>
    public void Stall() => _flow = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Passes on what clients send, and keeps what comes back, until <see cref="Restore"/>.</summary>
    public void HoldAnswers() => _answers = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Restore()
    {
        _cut = false;
        _flow.TrySetResult();
        _answers.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        Restore();
        CloseAll();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private static TaskCompletionSource Open()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptSocketAsync(_ending.Token);
            if (_cut)
            {
                client.Dispose();
                continue;
            }

            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        _sockets[client] = _sockets[server] = 0;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _targetPort, _ending.Token);
            await Task.WhenAny(PumpAsync(client, server, () => _flow.Task, ClientBytesPerSecond), PumpAsync(server, client, () => Task.WhenAll(_flow.Task, _answers.Task)));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The target is away: the client sees its connection close.
        }
        finally
        {
            Close(client);
            Close(server);
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Func<Task> opened, int bytesPerSecond = 0)
    {
        try
        {
            var buffer = new byte[16 * 1024];
            while (await from.ReceiveAsync(buffer, _ending.Token) is var count and > 0)
            {
                await opened();
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _ending.Token);
                }

                if (bytesPerSecond > 0)
                {
                    await Task.Delay(TimeSpan.FromSeconds((double)count / bytesPerSecond), _ending.Token);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Either side has gone, which ends the connection.
        }
    }

    private void Close(Socket socket)
    {
        if (_sockets.TryRemove(socket, out _))
        {
            socket.Dispose();
        }
    }
}
