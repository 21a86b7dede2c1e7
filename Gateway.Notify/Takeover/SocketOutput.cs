using System.Net.Sockets;

namespace Gateway.Notify.Takeover;

/// <summary>
/// Where all bytes of a connection go out: straight to the system, without a buffer in between. What one call brings stays together, and
/// calls follow one another as they came. Nearly always the system takes everything at once, and there is nothing to wait for.
/// </summary>
internal sealed class SocketOutput
{
    private readonly Socket _socket;
    private readonly Lock _lock = new();
    private Task _waiting = Task.CompletedTask;

    public SocketOutput(Socket socket)
    {
        _socket = socket;
        try
        {
            // What the system does not take at once is not to hold a thread.
            socket.Blocking = false;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Ended before it began, so nothing is ever sent.
            _waiting = Task.FromException(Gone(exception));
        }
    }

    /// <summary>The bytes must not change until the system has taken all of them. There is no way to take back what has begun but to end the connection.</summary>
    /// <exception cref="IOException">The client is gone.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        lock (_lock)
        {
            if (!_waiting.IsCompletedSuccessfully)
            {
                // Behind what is under way; and after a failure never, for the client would not know where this begins.
                return new(_waiting = SendBehindAsync(_waiting, bytes));
            }

            var sent = SendNow(bytes.Span);
            return sent == bytes.Length ? default : new(_waiting = SendRestAsync(bytes[sent..]));
        }
    }

    /// <summary>How many bytes the system has taken at once.</summary>
    private int SendNow(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var sent = _socket.Send(bytes, SocketFlags.None, out var error);
            return error is SocketError.Success or SocketError.WouldBlock ? sent : throw new SocketException((int)error);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            throw Gone(exception);
        }
    }

    private async Task SendBehindAsync(Task before, ReadOnlyMemory<byte> bytes)
    {
        await before;
        await SendRestAsync(bytes);
    }

    private async Task SendRestAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None)..];
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            throw Gone(exception);
        }
    }

    private static IOException Gone(Exception exception) => new("The client is gone.", exception);
}
