using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Gateway.Chaos.Parts;

/// <summary>The loopback port at which gateways find a store. It can refuse them, and hand on answers late.</summary>
internal sealed class Relay(int target) : IDisposable
{
    // How soon a change of the delay takes effect.
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentDictionary<Socket, byte> _sockets = new();
    private Socket? _listener;
    private long _delayTicks;

    public int Port { get; } = LoopbackPort.Free();

    /// <summary>How long answers are on their way.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _delayTicks));
        set => Volatile.Write(ref _delayTicks, value.Ticks);
    }

    public void Listen()
    {
        _listener = NewSocket();
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        _listener.Listen();
        _ = AcceptAsync(_listener);
    }

    /// <summary>Closes all connections, and lets nobody connect until <see cref="Listen"/>.</summary>
    public void Refuse()
    {
        _listener?.Dispose();
        foreach (var socket in _sockets.Keys)
        {
            Close(socket);
        }
    }

    public void Dispose() => Refuse();

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptAsync());
            }
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // Nobody may connect any more.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var server = NewSocket();
        client.NoDelay = server.NoDelay = true;
        _sockets[client] = _sockets[server] = 0;
        var answers = Channel.CreateUnbounded<Piece>();
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, target);
            // Whichever ends first, the connection is over.
            await await Task.WhenAny(
                ReadAsync(client, piece => SendAsync(server, piece)),
                ReadAsync(server, piece => answers.Writer.WriteAsync(piece).AsTask()),
                HandOnAsync(answers.Reader, client));
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // The store is away, or either side has gone.
        }
        finally
        {
            answers.Writer.Complete();
            Close(client);
            Close(server);
        }
    }

    private static async Task ReadAsync(Socket from, Func<Piece, Task> takeAsync)
    {
        var buffer = new byte[16 << 10];
        while (await from.ReceiveAsync(buffer) is var count and > 0)
        {
            await takeAsync(new Piece(Stopwatch.GetTimestamp(), buffer.AsSpan(0, count).ToArray()));
        }
    }

    private static async Task SendAsync(Socket to, Piece piece)
    {
        var rest = piece.Bytes;
        while (!rest.IsEmpty)
        {
            rest = rest[await to.SendAsync(rest)..];
        }
    }

    private async Task HandOnAsync(ChannelReader<Piece> answers, Socket client)
    {
        await foreach (var piece in answers.ReadAllAsync())
        {
            while (Stopwatch.GetElapsedTime(piece.CameAt) < Delay)
            {
                await Task.Delay(Step);
            }

            await SendAsync(client, piece);
        }
    }

    private void Close(Socket socket)
    {
        if (_sockets.TryRemove(socket, out _))
        {
            socket.Dispose();
        }
    }

    private readonly record struct Piece(long CameAt, ReadOnlyMemory<byte> Bytes);
}
