using System.Net.WebSockets;
using System.Security.Cryptography;
using Gateway.Notify.Protocol;
using Gateway.Notify.Takeover;

namespace Gateway.Notify.Connections;

/// <summary>
/// One socket, which it owns: a bounded queue of events, whoever writes them, and the one place that closes it. An idle connection has
/// no task writing, no buffer and no timer of its own.
/// </summary>
internal sealed class NotifyConnection(
    WebSocket socket, bool isExtended, NotifyOptions options, NotifyMetrics metrics, TimeProvider time, TransportStream? bare = null)
    : IThreadPoolWorkItem, IDisposable
{
    private const int IdBytes = 8;

    private static readonly byte[] Ping = [0x89, 0];

    // Also the lock of what follows.
    private readonly OutboundQueue _queue = new(options, metrics);
    private readonly MessageWriter _writer = new(socket, bare?.Output);
    private readonly long _openedAt = time.GetTimestamp();
    private long _silentSince = time.GetTimestamp();
    private bool _isPinged;
    private volatile bool _isLetIn;
    private bool _writing;
    private bool _writerCloses;
    private bool _isBroken;
    private long _writeStartedAt;
    private CloseHandshake? _closing;

    /// <summary>Whether the client speaks gateway.notify.v2.</summary>
    public bool IsExtended => isExtended;

    /// <summary>Unique among all nodes; empty until the client has shown its session.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Whose socket it is; empty until the client has shown its session.</summary>
    public string UserId { get; private set; } = "";

    /// <summary>What its session is told from others by.</summary>
    public string SessionId { get; private set; } = "";

    /// <summary>What the client has shown: its session id, or a token.</summary>
    public string Shown { get; private set; } = "";

    /// <summary>When the session ends by itself; null where only asking tells.</summary>
    public DateTimeOffset? SessionEndsAt { get; private set; }

    /// <summary>When the session was last found valid.</summary>
    public long SessionCheckedAt { get; set; }

    /// <summary>When the session was last looked at to be renewed, as a timestamp; 0 for not yet.</summary>
    public long RenewedAt { get; set; }

    /// <summary>Whether the hub tells the client events.</summary>
    public bool IsLetIn => _isLetIn;

    /// <summary>When the hub let the connection in.</summary>
    public DateTimeOffset JoinedAt { get; private set; }

    /// <summary>Set while the session has ended and the client may show a fresh one: when its time for that is over.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>Whether the client has closed the socket itself, and in good order; not in the answer to our own close.</summary>
    public bool LeavesInOrder { get; private set; }

    /// <summary>How far the client has been told its user's events, if it counts them. Belongs to the bucket that lists the connection, and is used under its lock, as the next two.</summary>
    public FeedPosition Position { get; set; }

    /// <summary>The newest event known of that the client has to ask for, if it is ahead of <see cref="Position"/>.</summary>
    public ulong Top { get; set; }

    /// <summary>What waits until the client has been told something else; null when nothing has to.</summary>
    public HeldEvents? Held { get; set; }

    /// <summary>Why the connection ended or is about to; null while it is open.</summary>
    public CloseReason? Closing
    {
        get
        {
            lock (_queue)
            {
                return _closing?.Reason;
            }
        }
    }

    /// <summary>Queues one message. False when the connection is closing; a full queue closes it. An empty queue takes any message.</summary>
    /// <param name="message">What to write.</param>
    /// <param name="asReplay">
    /// One of a bounded row that the client has asked for, which need not fit into the queue; but the client must have taken the row before.
    /// </param>
    public bool TryEnqueue(Outbound message, bool asReplay = false)
    {
        bool full;
        lock (_queue)
        {
            if (_closing is not null)
            {
                return false;
            }

            full = !_queue.TryAdd(message, asReplay);
            if (!full)
            {
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

    public void Authenticated(SessionVerdict verdict, string shown)
    {
        Id = Id.Length > 0 ? Id : RandomNumberGenerator.GetHexString(2 * IdBytes, lowercase: true);
        UserId = verdict.UserId ?? "";
        SessionId = verdict.Name ?? shown;
        Shown = shown;
        SessionEndsAt = verdict.ExpiresAt;
        SessionCheckedAt = time.GetTimestamp();
        RenewedAt = 0;
        JoinedAt = time.GetUtcNow();
    }

    /// <summary>Whether a row of events may be queued for the client, or it has not even taken the last one.</summary>
    public bool IsReadyForReplay()
    {
        lock (_queue)
        {
            return _queue.IsWithinBounds;
        }
    }

    /// <summary>The hub tells the client events from now on.</summary>
    public void LetIn() => _isLetIn = true;

    /// <summary>Hands what the client sends to <paramref name="conversation"/>, until one side closes; returns why it ended.</summary>
    /// <param name="conversation">Takes messages.</param>
    /// <param name="leave">
    /// What is done before a client that closes gets its answer: from then on it may count on having left. Not called for any other end.
    /// </param>
    public async Task<CloseReason> RunAsync(IConversation conversation, Func<Task>? leave = null)
    {
        var inbound = new InboundReader(socket, options.MaxInboundMessage);
        try
        {
            if (await conversation.BeginAsync() is { } refusal)
            {
                Close(refusal);
            }

            while (Closing is null)
            {
                // Here and not in the reader, so that a silent client costs one waiting method less.
                var first = await inbound.WaitAsync();
                if (await inbound.ReadAsync(first, conversation) is { } reason)
                {
                    if (reason == CloseReason.ClientClosed && Closing is null && leave is not null)
                    {
                        LeavesInOrder = true;
                        await leave();
                    }

                    Close(reason);
                }
            }

            await _closing!.FinishAsync();
        }
        catch (WebSocketException exception) when (exception.WebSocketErrorCode == WebSocketError.Faulted)
        {
            // What the client sends is not WebSocket. It has been told so already: that close frame is the library's.
            _isBroken = true;
            Close(CloseReason.ProtocolError);
            await _closing!.Sent;
            // A writer that has met the same end takes it for a client that has gone.
            return Closing == CloseReason.ClientClosed ? CloseReason.ProtocolError : Closing!;
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            Close(CloseReason.ClientClosed);
            socket.Abort();
            await _closing!.Sent;
        }

        return Closing!;
    }

    /// <summary>
    /// Begins to close, once. The close frame goes out behind what is being written. What still waits is dropped, unless this node leaves
    /// a client that has done nothing wrong.
    /// </summary>
    public void Close(CloseReason reason)
    {
        lock (_queue)
        {
            if (_closing is not null)
            {
                return;
            }

            _closing = new CloseHandshake(socket, reason, options, time);
            if (reason == CloseReason.GoingAway && _writing)
            {
                // It has this long to come to the end of the queue.
                _writerCloses = true;
                _closing.GiveUpAfterTimeout();
                return;
            }

            _queue.Drop(reason);
        }

        _ = Task.Run(_closing.SendAsync);
    }

    /// <summary>Asks the client to go to another node, once it has been told what waits for it.</summary>
    /// <param name="notice">Tells a client of gateway.notify.v2 when to come back.</param>
    public void SendAway(Outbound notice)
    {
        if (isExtended)
        {
            TryEnqueue(notice);
        }

        Close(CloseReason.GoingAway);
    }

    /// <summary>
    /// Closes a socket whose client takes too long to show its session or to accept an event, pings one that is silent, and gives up one that does not
    /// answer. Called about once a second.
    /// </summary>
    public void LookAfter()
    {
        bool isSlow;
        lock (_queue)
        {
            if (_closing is not null)
            {
                return;
            }

            isSlow = _writing && _writeStartedAt != 0 && time.GetElapsedTime(_writeStartedAt) > options.WriteTimeout;
        }

        if (isSlow)
        {
            Close(CloseReason.SlowConsumer);
        }
        else if (!_isLetIn && time.GetElapsedTime(_openedAt) >= options.AuthenticationTimeout)
        {
            Close(CloseReason.AuthenticationTimeout);
        }
        else if (bare is { Output: { } output })
        {
            LookForLife(bare, output);
        }
    }

    /// <summary>After <see cref="RunAsync"/>: nothing writes or closes any more.</summary>
    public void Dispose()
    {
        _closing?.Dispose();
        // The connection of a broken socket that is disposed of is cut, and with it what has not gone out: the close frame. Left alone,
        // it ends in good order.
        if (!_isBroken)
        {
            socket.Dispose();
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = WriteAsync();

    private async Task WriteAsync()
    {
        try
        {
            while (TryDequeue(out var message))
            {
                await SendAsync(message);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection has broken; the reading side notices the same and ends it.
            StopWriting();
            Close(CloseReason.ClientClosed);
        }

        if (_writerCloses)
        {
            await _closing!.SendAsync();
        }
    }

    /// <summary>Whatever comes from the client shows that it is there, the answer to a ping as well.</summary>
    private void LookForLife(TransportStream connection, SocketOutput output)
    {
        if (connection.TakeHeard())
        {
            (_silentSince, _isPinged) = (time.GetTimestamp(), false);
        }
        else if (time.GetElapsedTime(_silentSince) < (_isPinged ? options.PingTimeout : options.PingInterval))
        {
            return;
        }
        else if (_isPinged)
        {
            // The reading side ends with it.
            socket.Abort();
        }
        else if (socket.State == WebSocketState.Open)
        {
            (_silentSince, _isPinged) = (time.GetTimestamp(), true);
            _ = PingAsync(output);
        }
    }

    private static async Task PingAsync(SocketOutput output)
    {
        try
        {
            await output.SendAsync(Ping);
        }
        catch (IOException)
        {
            // The reading side notices the same and ends it.
        }
    }

    private async Task SendAsync(Outbound message)
    {
        await _writer.WriteAsync(message);
        if (message.Event is { } hubEvent)
        {
            metrics.Delivered(TimeSpan.FromMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds() - hubEvent.PublishedAt));
        }
    }

    private bool TryDequeue(out Outbound message)
    {
        lock (_queue)
        {
            if ((_closing is null || _writerCloses) && _queue.TryTake(out message))
            {
                _writeStartedAt = time.GetTimestamp();
                return true;
            }

            message = default;
            _writing = false;
            _writeStartedAt = 0;
            return false;
        }
    }

    private void StopWriting()
    {
        lock (_queue)
        {
            _writing = false;
            _writeStartedAt = 0;
            _queue.Drop(_closing?.Reason ?? CloseReason.ClientClosed);
        }
    }
}
