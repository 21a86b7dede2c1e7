using System.Net.WebSockets;
using Gateway.Notify.Protocol;

namespace Gateway.Notify.Connections;

/// <summary>
/// One socket: a bounded queue of events, whoever writes them, and the one place that closes it. An idle connection has no task
/// writing, no buffer and no timer of its own.
/// </summary>
internal sealed class NotifyConnection(WebSocket socket, NotifyOptions options, NotifyMetrics metrics, TimeProvider time)
    : IThreadPoolWorkItem, IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _gone = new(Timeout.InfiniteTimeSpan, time);
    private Queue<ReadOnlyMemory<byte>>? _queue;
    private long _queuedBytes;
    private bool _writing;
    private long _writeStartedAt;
    private CloseReason? _closing;
    private Task _closeSent = Task.CompletedTask;

    /// <summary>Whose socket it is; empty until the client has shown its session.</summary>
    public string UserId { get; private set; } = "";

    public string SessionId { get; private set; } = "";

    /// <summary>When the session was last found valid.</summary>
    public long SessionCheckedAt { get; set; }

    /// <summary>Why the connection ended or is about to; null while it is open.</summary>
    public CloseReason? Closing
    {
        get
        {
            lock (_lock)
            {
                return _closing;
            }
        }
    }

    /// <summary>Queues one serialized event. False when the connection is closing; a full queue closes it.</summary>
    public bool TryEnqueue(ReadOnlyMemory<byte> message)
    {
        bool full;
        lock (_lock)
        {
            if (_closing is not null)
            {
                return false;
            }

            _queue ??= new Queue<ReadOnlyMemory<byte>>();
            full = _queue.Count >= options.MaxQueuedEvents || _queuedBytes + message.Length > options.MaxQueuedBytes;
            if (!full)
            {
                _queue.Enqueue(message);
                _queuedBytes += message.Length;
                metrics.Queued(message.Length);
                if (_writing)
                {
                    return true;
                }

                _writing = true;
            }
        }

        if (full)
        {
            Close(CloseReason.SlowConsumer);
            return false;
        }

        // Not on the publisher's thread: one slow socket must not hold up the next.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    public void Authenticated(string userId, string sessionId)
    {
        UserId = userId;
        SessionId = sessionId;
        SessionCheckedAt = time.GetTimestamp();
    }

    /// <summary>Hands what the client sends to <paramref name="onMessage"/>, until one side closes; returns why it ended.</summary>
    public async Task<CloseReason> RunAsync(Func<ReadOnlyMemory<byte>, ValueTask<CloseReason?>> onMessage, CancellationToken aborted)
    {
        var inbound = new InboundReader(socket, options.MaxInboundMessage);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(aborted, _gone.Token);
        try
        {
            while (Closing is null)
            {
                if (await inbound.ReadAsync(onMessage, stop.Token) is { } reason)
                {
                    Close(reason);
                }
            }

            await FinishCloseAsync(stop.Token);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            Close(CloseReason.ClientClosed);
            await _gone.CancelAsync();
            socket.Abort();
            await _closeSent;
        }

        return Closing!;
    }

    /// <summary>Begins to close, once; the close frame goes out behind what is being written, and what still waits is dropped.</summary>
    public void Close(CloseReason reason)
    {
        lock (_lock)
        {
            if (_closing is not null)
            {
                return;
            }

            _closing = reason;
            Drop(reason);
            _closeSent = Task.Run(() => SendCloseAsync(reason));
        }
    }

    /// <summary>Gives up on a socket whose client has taken too long to accept one event. Called about once a second.</summary>
    public void CheckWrite()
    {
        bool overdue;
        lock (_lock)
        {
            overdue = _writing && _writeStartedAt != 0 && time.GetElapsedTime(_writeStartedAt) > options.WriteTimeout;
        }

        if (overdue)
        {
            Close(CloseReason.SlowConsumer);
        }
    }

    /// <summary>After <see cref="RunAsync"/>: nothing writes or closes any more.</summary>
    public void Dispose() => _gone.Dispose();

    void IThreadPoolWorkItem.Execute() => _ = WriteAsync();

    private async Task WriteAsync()
    {
        try
        {
            while (TryDequeue(out var message))
            {
                await socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, _gone.Token);
                metrics.Delivered();
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection has broken; the reading side notices the same and ends it.
            Close(CloseReason.ClientClosed);
        }
    }

    private bool TryDequeue(out ReadOnlyMemory<byte> message)
    {
        lock (_lock)
        {
            if (_closing is null && _queue!.TryDequeue(out message))
            {
                _queuedBytes -= message.Length;
                metrics.Queued(-message.Length);
                _writeStartedAt = time.GetTimestamp();
                return true;
            }

            message = default;
            _writing = false;
            _writeStartedAt = 0;
            return false;
        }
    }

    private void Drop(CloseReason reason)
    {
        metrics.Dropped(_queue?.Count ?? 0, reason);
        metrics.Queued(-_queuedBytes);
        _queue = null;
        _queuedBytes = 0;
    }

    private async Task SendCloseAsync(CloseReason reason)
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

        // From here the client has as long again to answer; the pending read ends with this token.
        _gone.CancelAfter(options.CloseTimeout);
    }

    /// <summary>Waits until our close frame is out and the client's is in.</summary>
    private async Task FinishCloseAsync(CancellationToken cancellationToken)
    {
        await _closeSent;
        var scrap = new byte[256];
        while (socket.State == WebSocketState.CloseSent)
        {
            await socket.ReceiveAsync(scrap.AsMemory(), cancellationToken);
        }

        await _gone.CancelAsync();
    }
}
