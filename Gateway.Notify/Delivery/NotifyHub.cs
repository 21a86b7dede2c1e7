using Gateway.Notify.Connections;
using Gateway.Notify.Protocol;

namespace Gateway.Notify.Delivery;

/// <summary>What the rest of the gateway asks of the hub: tell users events, say who is online, end sockets.</summary>
public sealed class NotifyHub
{
    private readonly IEventBus _bus;
    private readonly NotifyDrain _drain;
    private readonly NotifyMetrics _metrics;
    private readonly TimeProvider _time;

    internal NotifyHub(IEventBus bus, NodeName node, NotifyDrain drain, NotifyMetrics metrics, TimeProvider time)
    {
        _bus = bus;
        NodeName = node.Value;
        _drain = drain;
        _metrics = metrics;
        _time = time;
    }

    /// <summary>What this gateway is called where the sockets of several are listed.</summary>
    public string NodeName { get; }

    /// <summary>True while events may not reach the sockets of other nodes. Those of this node are served.</summary>
    public bool IsDegraded => _bus.IsDegraded;

    /// <summary>True once the sockets of this node are being closed, and no new ones are taken.</summary>
    public bool IsDraining => _drain.IsDraining;

    /// <summary>
    /// Takes an event to every socket of every recipient. The event is written once. Events published one after another reach each
    /// socket in that order. Does not fail when other nodes can't be reached: what they miss is counted, and clients that keep count are
    /// told to load anew.
    /// </summary>
    /// <param name="recipients">User ids, each once. Those who are not connected are passed over.</param>
    /// <param name="type">What the event is called in metrics.</param>
    /// <param name="length">How many bytes it has.</param>
    /// <param name="write">Writes them, byte for byte what clients receive, before this method returns.</param>
    /// <param name="cancellationToken">How long the other nodes may be waited for.</param>
    /// <returns>False when it is not certain, or not yet, that the sockets of other nodes are told.</returns>
    public Task<bool> PublishAsync(IReadOnlyList<string> recipients, string type, int length, Action<Memory<byte>> write, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recipients);
        ArgumentNullException.ThrowIfNull(write);
        _metrics.Published(type);
        var hubEvent = HubEvent.Of(Guid.NewGuid(), length, write, _time.GetUtcNow().ToUnixTimeMilliseconds(), type);
        return _bus.PublishAsync(recipients, hubEvent, cancellationToken);
    }

    /// <summary>
    /// Tells a user's sockets of this node an event of which each node hears by itself. It has no number and is not kept for clients that resume, see
    /// <see cref="MayHaveMissed"/>.
    /// </summary>
    public void TellHere(string userId, ReadOnlySpan<byte> body)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        _bus.TellHere(userId, HubEvent.Of(Guid.NewGuid(), body, _time.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    /// <summary>
    /// Says that there may have been, and may be, events that are told without being kept. Clients of gateway.notify.v2 are told to load anew: now, and whenever they
    /// resume.
    /// </summary>
    public void MayHaveMissed() => _bus.MayHaveMissed();

    /// <summary>The open sockets of a user on all nodes.</summary>
    public Task<IReadOnlyList<SocketInfo>> FindSocketsAsync(string userId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        return _bus.FindAsync(userId, cancellationToken);
    }

    /// <summary>Closes all sockets of a user, or those of one session, on all nodes at once (4440). Ends no session by itself.</summary>
    public Task DisconnectAsync(string userId, string? sessionId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        return _bus.DisconnectAsync(userId, sessionId, cancellationToken);
    }
}

/// <summary>One open socket of a user.</summary>
/// <param name="ConnectionId">Unique among all nodes.</param>
/// <param name="Node">The gateway that holds it.</param>
/// <param name="IsExtended">Whether it speaks gateway.notify.v2.</param>
/// <param name="Since">When it was let in.</param>
public sealed record SocketInfo(string ConnectionId, string Node, bool IsExtended, DateTimeOffset Since)
{
    /// <summary>What it speaks: <c>plain</c> or <c>gateway.notify.v2</c>.</summary>
    public string Protocol => IsExtended ? ExtendedFrames.Subprotocol : "plain";
}
