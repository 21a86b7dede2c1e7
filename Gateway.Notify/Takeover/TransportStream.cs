using System.Buffers;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Notify.Takeover;

/// <summary>A bare connection as the stream that a socket is built upon. The socket writes each of its frames whole.</summary>
/// <param name="connection">What it reads from.</param>
/// <param name="output">What it writes to; null for the connection's own pipe.</param>
internal sealed class TransportStream(ConnectionContext connection, SocketOutput? output) : Stream
{
    private bool _wasHeard;

    /// <summary>Takes whole frames beside those that the socket writes itself; null where only the socket can write.</summary>
    public SocketOutput? Output => output;

    /// <summary>The socket upon it.</summary>
    public WebSocket? Socket { get; set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>With an empty buffer it waits until there is something to read, and holds no memory meanwhile.</summary>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var input = connection.Transport.Input;
        var read = await input.ReadAsync(cancellationToken);
        var count = (int)Math.Min(buffer.Length, read.Buffer.Length);
        var taken = read.Buffer.Slice(0, count);
        taken.CopyTo(buffer.Span);
        input.AdvanceTo(taken.End);
        Volatile.Write(ref _wasHeard, true);
        return count;
    }

    /// <summary>Whether anything has come from the client since this was last asked.</summary>
    public bool TakeHeard() => Interlocked.Exchange(ref _wasHeard, false);

    /// <remarks>The token alone ends nothing: the socket, which passes it on, ends the connection when it is cancelled.</remarks>
    /// <exception cref="IOException">The client is gone.</exception>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        output?.SendAsync(buffer) ?? WriteToPipeAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Nothing is held back, so there is nothing to do.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>
    /// A socket disposes of its stream when it is over. After a good end the last frame may still be on its way, and the
    /// server ends the connection behind it; otherwise nobody waits for what a dead client does not take.
    /// </summary>
    protected override void Dispose(bool disposing)
    {
        if (Socket is { State: WebSocketState.Aborted })
        {
            connection.Abort();
        }

        base.Dispose(disposing);
    }

    private async ValueTask WriteToPipeAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        if ((await connection.Transport.Output.WriteAsync(buffer, cancellationToken)).IsCompleted)
        {
            throw new IOException("The client is gone.");
        }
    }
}
