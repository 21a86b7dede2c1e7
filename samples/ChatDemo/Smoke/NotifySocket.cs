using System.Net.WebSockets;
using System.Threading.Channels;
using Gateway.Protocol;
using Google.Protobuf;

namespace ChatDemo.Smoke;

/// <summary>
/// One device of a person. It reads all the time, as a client does that answers pings; its events wait in an inbox until the story
/// asks for them.
/// </summary>
internal sealed class NotifySocket : IDisposable
{
    /// <summary>See docs/close-codes.md.</summary>
    private const int SessionInvalid = 4401;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ClientWebSocket _socket = new();
    private readonly Channel<NotifyMessage> _inbox = Channel.CreateUnbounded<NotifyMessage>();
    private readonly string _name;

    private NotifySocket(string name, string? origin)
    {
        _name = name;
        if (origin is not null)
        {
            _socket.Options.SetRequestHeader("Origin", origin);
        }
    }

    /// <summary>Opens a socket and shows the session: all that a client ever sends.</summary>
    /// <param name="name">Whose device it is, for the report.</param>
    /// <param name="address">The port and path.</param>
    /// <param name="sessionId">The login session.</param>
    /// <param name="origin">The site of the page that opens it; null for a client that is no browser.</param>
    public static async Task<NotifySocket> OpenAsync(string name, Uri address, string sessionId, string? origin = null)
    {
        var device = new NotifySocket(name, origin);
        using var deadline = new CancellationTokenSource(Patience);
        await device._socket.ConnectAsync(address, deadline.Token);
        var request = new ClientAuthenticationReq { RequestId = name, SessionId = sessionId };
        await device._socket.SendAsync(request.ToByteArray(), WebSocketMessageType.Binary, endOfMessage: true, deadline.Token);
        _ = device.FillInboxAsync();
        return device;
    }

    /// <summary>The next event, in the order of arrival.</summary>
    public async Task<NotifyMessage> NextAsync(TimeSpan? patience = null)
    {
        using var deadline = new CancellationTokenSource(patience ?? Patience);
        try
        {
            return await _inbox.Reader.ReadAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new ExpectationException($"an event on {_name}", $"none in {Patience.TotalSeconds} s");
        }
        catch (ChannelClosedException e)
        {
            throw new ExpectationException($"an event on {_name}", e.InnerException?.Message ?? $"a close: {CloseFrame}");
        }
    }

    /// <summary>Waits for the server's close frame, with no event left before it; returns its code and reason.</summary>
    public async Task<string> ClosedAsync()
    {
        try
        {
            await _inbox.Reader.Completion.WaitAsync(Patience);
            return CloseFrame;
        }
        catch (TimeoutException)
        {
            var instead = _inbox.Reader.TryPeek(out var message) ? $"the event {message}" : $"nothing in {Patience.TotalSeconds} s";
            throw new ExpectationException($"a close of {_name}", instead);
        }
    }

    /// <summary>Closes the socket from this side; returns the server's answer.</summary>
    public async Task<string> LeaveAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, deadline.Token);
        return await ClosedAsync();
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Whether the gateway has closed it because it knows no such session.</summary>
    public bool IsRefused => (int?)_socket.CloseStatus == SessionInvalid;

    private string CloseFrame => $"{(int?)_socket.CloseStatus} {_socket.CloseStatusDescription}";

    private async Task FillInboxAsync()
    {
        try
        {
            while (await ReadAsync() is { } message)
            {
                _inbox.Writer.TryWrite(message);
            }

            _inbox.Writer.Complete();
            if (_socket.State == WebSocketState.CloseReceived)
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            }
        }
        catch (Exception e)
        {
            _inbox.Writer.TryComplete(e);
        }
    }

    /// <summary>One message of the server; null when it closes the socket.</summary>
    private async Task<NotifyMessage?> ReadAsync()
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var part = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            Expect.Equal(WebSocketMessageType.Binary, part.MessageType, "type of the message");
            bytes.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                return NotifyMessage.Parser.ParseFrom(bytes.ToArray());
            }
        }
    }
}
