using System.Net.WebSockets;
using Gateway.Protocol.NotifyV2;
using Google.Protobuf;

namespace Gateway.Tests.Support;

/// <summary>A client of gateway.notify.v2 that keeps count as docs/notify-protocol.md asks for.</summary>
internal sealed class ExtendedClient : IAsyncDisposable
{
    private readonly NotifyClient _client;

    private ExtendedClient(NotifyClient client) => _client = client;

    public string ConnectionId { get; private set; } = "";

    public string Epoch { get; private set; } = "";

    /// <summary>The last event dealt with.</summary>
    public ulong Sequence { get; private set; }

    public int? CloseCode => _client.CloseCode;

    /// <summary>Connects, says hello and waits for the welcome.</summary>
    /// <param name="address">The hub.</param>
    /// <param name="sessionId">The session to show.</param>
    /// <param name="before">The connection to go on from; null for a fresh start.</param>
    /// <param name="told">The last event dealt with, where that is not the last one <paramref name="before"/> has had.</param>
    public static async Task<ExtendedClient> JoinAsync(Uri address, string sessionId, ExtendedClient? before = null, ulong? told = null)
    {
        told ??= before?.Sequence;
        var client = await OpenAsync(address);
        await client.SendAsync(new ClientFrame
        {
            Hello = new Hello
            {
                SessionId = sessionId,
                PreviousConnectionId = before?.ConnectionId ?? "",
                Resume = before is null ? null : new Resume { Epoch = before.Epoch, Sequence = told!.Value },
            },
        });
        var welcome = (await client.ReceiveAsync(ServerFrame.FrameOneofCase.Welcome)).Welcome;
        (client.ConnectionId, client.Epoch) = (welcome.ConnectionId, welcome.Epoch);
        client.Sequence = told ?? welcome.Sequence;
        return client;
    }

    /// <summary>Connects without saying anything.</summary>
    public static async Task<ExtendedClient> OpenAsync(Uri address) =>
        new(await NotifyClient.OpenAsync(address, options => options.AddSubProtocol("gateway.notify.v2")));

    public Task SendAsync(ClientFrame frame) => _client.SendAsync(frame.ToByteArray());

    public Task SendAsync(byte[] bytes, WebSocketMessageType type = WebSocketMessageType.Binary) => _client.SendAsync(bytes, type);

    /// <summary>The next frame, which has to be of the given kind; heartbeats are passed over unless asked for.</summary>
    public async Task<ServerFrame> ReceiveAsync(ServerFrame.FrameOneofCase kind)
    {
        while (true)
        {
            var frame = ServerFrame.Parser.ParseFrom(await _client.ReceiveRawAsync());
            if (frame.FrameCase == ServerFrame.FrameOneofCase.Heartbeat && kind != ServerFrame.FrameOneofCase.Heartbeat)
            {
                continue;
            }

            Assert.That(frame.FrameCase, Is.EqualTo(kind), frame.ToString());
            return frame;
        }
    }

    /// <summary>The next event, which has to follow on the last one.</summary>
    public async Task<Event> ReceiveEventAsync()
    {
        var next = (await ReceiveAsync(ServerFrame.FrameOneofCase.Event)).Event;
        Assert.That(next.Sequence, Is.EqualTo(Sequence + 1), "An event is missing or came twice");
        Sequence = next.Sequence;
        return next;
    }

    /// <summary>The next event; null when the server closes. Notices of a drain are passed over.</summary>
    public async Task<Event?> TryReceiveEventAsync()
    {
        while (await _client.TryReceiveRawAsync() is { } bytes)
        {
            if (ServerFrame.Parser.ParseFrom(bytes).Event is { } next)
            {
                Assert.That(next.Sequence, Is.EqualTo(Sequence + 1), "An event is missing or came twice");
                Sequence = next.Sequence;
                return next;
            }
        }

        return null;
    }

    /// <summary>The next frame but for heartbeats, whatever it is; null when the server closes.</summary>
    public async Task<ServerFrame?> TryReceiveFrameAsync()
    {
        while (await _client.TryReceiveRawAsync() is { } bytes)
        {
            if (ServerFrame.Parser.ParseFrom(bytes) is { FrameCase: not ServerFrame.FrameOneofCase.Heartbeat } frame)
            {
                return frame;
            }
        }

        return null;
    }

    /// <summary>The answer to a resume; takes over its position.</summary>
    public async Task<bool> ReceiveResumedAsync()
    {
        var resumed = (await ReceiveAsync(ServerFrame.FrameOneofCase.Resumed)).Resumed;
        (Epoch, Sequence) = (resumed.Epoch, resumed.Sequence);
        return resumed.Resumed_;
    }

    /// <summary>Forgets all events.</summary>
    public void Rewind() => Sequence = 0;

    public Task<(int Code, string? Text)> ReceiveCloseAsync() => _client.ReceiveCloseAsync();

    public Task CloseAsync() => _client.CloseAsync();

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
