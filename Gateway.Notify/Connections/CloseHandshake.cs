using System.Net.WebSockets;
using Gateway.Notify.Protocol;

namespace Gateway.Notify.Connections;

/// <summary>How a socket ends: our close frame goes out, the client's comes in, and a client that takes too long over it is given up.</summary>
/// <param name="socket">The socket.</param>
/// <param name="reason">What the client is told.</param>
/// <param name="options">How long it has.</param>
/// <param name="time">The clock.</param>
internal sealed class CloseHandshake(WebSocket socket, CloseReason reason, NotifyOptions options, TimeProvider time) : IDisposable
{
    private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _patience;

    public CloseReason Reason => reason;

    /// <summary>Ends when the close frame is out, or can't be sent.</summary>
    public Task Sent => _sent.Task;

    /// <summary>Sends the close frame, behind what is being written.</summary>
    public async Task SendAsync()
    {
        using var deadline = new CancellationTokenSource(options.CloseTimeout, time);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync((WebSocketCloseStatus)reason.Code, reason.Text, deadline.Token);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // There is nobody left to tell.
        }

        // From here the client has as long again to answer; the pending read ends with this.
        GiveUpAfterTimeout();
        _sent.TrySetResult();
    }

    public void GiveUpAfterTimeout()
    {
        _patience?.Dispose();
        _patience = time.CreateTimer(static socket => ((WebSocket)socket!).Abort(), socket, options.CloseTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Waits until our close frame is out and the client's is in.</summary>
    public async Task FinishAsync()
    {
        await Sent;
        var scrap = new byte[256];
        while (socket.State == WebSocketState.CloseSent)
        {
            await socket.ReceiveAsync(scrap.AsMemory(), CancellationToken.None);
        }

        // What is still being written goes nowhere.
        socket.Abort();
    }

    public void Dispose() => _patience?.Dispose();
}
