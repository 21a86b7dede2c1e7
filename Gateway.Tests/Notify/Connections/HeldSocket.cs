using System.Net.WebSockets;

namespace Gateway.Tests.Notify.Connections;

/// <summary>The server's end of a socket whose client takes nothing until it is told to. It keeps what was written.</summary>
internal sealed class HeldSocket : WebSocket
{
    private readonly TaskCompletionSource _writing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly List<int> _written = [];
    private WebSocketCloseStatus? _status;
    private string? _description;

    /// <summary>Ends when the first message is being written.</summary>
    public Task Writing => _writing.Task;

    /// <summary>Ends when the close frame is out.</summary>
    public Task Closed => _closed.Task;

    /// <summary>The lengths of the messages that the client has taken.</summary>
    public IReadOnlyList<int> Written
    {
        get
        {
            lock (_lock)
            {
                return [.. _written];
            }
        }
    }

    public override WebSocketCloseStatus? CloseStatus => _status;

    public override string? CloseStatusDescription => _description;

    public override WebSocketState State => _status is null ? WebSocketState.Open : WebSocketState.CloseSent;

    public override string? SubProtocol => null;

    /// <summary>The client takes everything from now on.</summary>
    public void Release() => _gate.TrySetResult();

    /// <summary>The client is gone.</summary>
    public void Break() => _gate.TrySetException(new WebSocketException(WebSocketError.ConnectionClosedPrematurely));

    public override async Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken)
    {
        _writing.TrySetResult();
        await _gate.Task.WaitAsync(cancellationToken);
        lock (_lock)
        {
            _written.Add(buffer.Count);
        }
    }

    public override Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken)
    {
        (_status, _description) = (closeStatus, statusDescription);
        _closed.TrySetResult();
        return Task.CompletedTask;
    }

    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public override Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public override void Abort() => Break();

    public override void Dispose() => Release();
}
