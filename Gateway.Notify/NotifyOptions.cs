namespace Gateway.Notify;

/// <summary>The notify hub: who may connect, how much, and how patiently a socket is served. Section <c>Gateway:Notify</c>.</summary>
public sealed class NotifyOptions
{
    public const string SectionName = "Gateway:Notify";

    /// <summary>
    /// Pages that may open a socket, by origin: of the web (<c>https://chat.example.com</c>) or of an app (<c>capacitor://localhost</c>),
    /// <c>null</c> for pages without one, or a single <c>*</c> for any. Default none: pages of the gateway's own host, and clients that are no browsers.
    /// </summary>
    public IList<string> AllowedOrigins { get; init; } = [];

    /// <summary>How long a client has to send its session after the upgrade; looked at once a second. Default 10 seconds; 100 milliseconds to 1 minute.</summary>
    public TimeSpan AuthenticationTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Where the session id stands in a plain client's first message: the number of its field, or the way to it through messages, as <c>1.3</c>. Default
    /// <c>2</c>; up to 8 numbers, each 1 to 536870911.
    /// </summary>
    public string SessionIdField { get; set; } = "2";

    /// <summary>The longest message a client may send, in bytes. Default 64 KiB; 1 KiB to 1 MiB.</summary>
    public int MaxInboundMessage { get; set; } = 64 << 10;

    /// <summary>How many messages a client may send in a second. Plain clients send one in all. Default 20; 1 to 1000.</summary>
    public int MaxInboundRate { get; set; } = 20;

    /// <summary>The most sockets this node holds. Default 10000; 1 to 1000000.</summary>
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>The most sockets one client address, of IPv6 one /64, may hold on this node; many users can share an address. Default 1000; 1 to 1000000.</summary>
    public int MaxConnectionsPerAddress { get; set; } = 1_000;

    /// <summary>The most sockets one user may hold on this node, whatever the device policy. Default 32; 1 to 10000.</summary>
    public int MaxConnectionsPerUser { get; set; } = 32;

    /// <summary>How many devices of a user are served at once. Default <c>All</c>.</summary>
    public DevicePolicy Devices { get; set; } = DevicePolicy.All;

    /// <summary>The number of devices under <see cref="DevicePolicy.KickOldest"/> and <see cref="DevicePolicy.RejectNew"/>. Default 5; 1 to 1000.</summary>
    public int MaxDevices { get; set; } = 5;

    /// <summary>The most events that wait for one slow socket. Default 256; 1 to 100000.</summary>
    public int MaxQueuedEvents { get; set; } = 256;

    /// <summary>The most bytes that wait for one slow socket. Default 4 MiB; 64 KiB to 1 GiB.</summary>
    public long MaxQueuedBytes { get; set; } = 4 << 20;

    /// <summary>How long one event may take to be written to a socket. Default 10 seconds; 100 milliseconds to 5 minutes.</summary>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a quiet socket is pinged. Default 30 seconds; 1 second to 10 minutes.</summary>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a ping may stay unanswered before the socket is taken for dead. Default 15 seconds; 1 second to 10 minutes.</summary>
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often each socket's session is looked up again, so that a logged-out one is closed. Spread by a tenth. Default 18 seconds; 1 second to 1 hour.</summary>
    public TimeSpan SessionCheckInterval { get; set; } = TimeSpan.FromSeconds(18);

    /// <summary>
    /// How long a client of gateway.notify.v2 may take to show a fresh session when its own has ended. It is told no events meanwhile.
    /// Default 8 seconds; 0 to 5 minutes.
    /// </summary>
    public TimeSpan ReauthenticationTimeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>How often a client of gateway.notify.v2 is told its newest sequence. Default 30 seconds; 1 second to 5 minutes.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long events are kept for clients of gateway.notify.v2 that resume. Default 10 minutes; 1 minute to 1 day.</summary>
    public TimeSpan ReplayAge { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How many events of a user are kept for that. Default 256; 1 to 10000.</summary>
    public int ReplayEvents { get; set; } = 256;

    /// <summary>How many bytes of events of a user are kept for that. Default 1 MiB; 64 KiB to 64 MiB.</summary>
    public long ReplayBytes { get; set; } = 1 << 20;

    /// <summary>How many bytes all users' kept events may take in this process, when they are not in Redis. Default 256 MiB; 1 MiB to 64 GiB.</summary>
    public long ReplayMemory { get; set; } = 256 << 20;

    /// <summary>What takes events from one node to another. Default <c>Auto</c>: Redis where the sessions are in Redis, and nothing otherwise.</summary>
    public EventBusKind Bus { get; set; } = EventBusKind.Auto;

    /// <summary>What the keys and channels of the hub in Redis begin with. Default <c>gateway:notify:</c>.</summary>
    public string KeyPrefix { get; set; } = "gateway:notify:";

    /// <summary>How long Redis may take for one command of the hub. Default 400 milliseconds; 10 milliseconds to 10 seconds.</summary>
    public TimeSpan RedisTimeout { get; set; } = TimeSpan.FromMilliseconds(400);

    /// <summary>How long a node may be silent before its sockets count as gone. Default 6 seconds; 2 seconds to 5 minutes.</summary>
    public TimeSpan NodeTimeout { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>
    /// Into how many parts users fall in Redis; a part that Redis has lost, or that does not answer, is no matter of the others. All gateways have to
    /// say the same. Default 8; a few for each primary of a cluster. 1 to 1024.
    /// </summary>
    public int Buckets { get; set; } = 8;

    /// <summary>What happens when the last socket of a user, anywhere, is gone. Default <c>ClearMarker</c>.</summary>
    public LastDisconnect OnLastDisconnect { get; set; } = LastDisconnect.ClearMarker;

    /// <summary>How long a user has to come back before that. Default 10 seconds; 0 to 10 minutes.</summary>
    public TimeSpan LastDisconnectGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The same for a user whose client has closed the last socket itself, by a close frame. Default 0: the marker is gone before the client has the answer
    /// to its close, for it may log in again right then. Under <c>Logout</c> <see cref="LastDisconnectGrace"/> holds for everybody, or a page that is
    /// loaded again would be logged out. 0 to 10 minutes.
    /// </summary>
    public TimeSpan CloseGrace { get; set; }

    /// <summary>How long a client may take to answer a close. Default 5 seconds; 100 milliseconds to 1 minute.</summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>At shutdown, how long clients of gateway.notify.v2 are asked to wait before they reconnect. Default 500 milliseconds; 0 to 1 minute.</summary>
    public TimeSpan DrainReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How much is added to that at random by each client. Default 5 seconds; 0 to 5 minutes.</summary>
    public TimeSpan DrainReconnectJitter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many sockets are closed in one go at shutdown. Default 500; 1 to 100000.</summary>
    public int DrainBatch { get; set; } = 500;

    /// <summary>The pause between two such batches, so that the clients do not all come back at once. Default 200 milliseconds; 0 to 10 seconds.</summary>
    public TimeSpan DrainPause { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How many sockets a node that is far above the mean of all nodes closes in a second, so that nodes that were added get their share. Their clients come
    /// back elsewhere; those of gateway.notify.v2 lose nothing. Default 0: none; 0 to 1000.
    /// </summary>
    public int RebalanceRate { get; set; }

    /// <summary>How far above the mean a node has to be for that, in percent; it ends at half of it. Default 10; 2 to 100.</summary>
    public int RebalanceTolerance { get; set; } = 10;

    /// <summary>A node with no more sockets than that keeps them. Default 100; 1 to 1000000.</summary>
    public int RebalanceMinimum { get; set; } = 100;

    /// <summary>No socket is closed for that before it is this old, so no client more often. Default 10 minutes; 0 to 1 day.</summary>
    public TimeSpan RebalanceMinimumAge { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether plain clients are sent away as well, when no others are left; they may miss events meanwhile. Default no.</summary>
    public bool RebalancePlain { get; set; }

    /// <summary>How often the session of a socket and the marker of its user are renewed; null for never. The host says so, for it knows the keys.</summary>
    internal TimeSpan? RenewalInterval { get; set; }

    /// <summary>Whether there is an <see cref="Delivery.IPresenceHook"/>.</summary>
    internal bool ReportsPresence { get; set; }

    /// <summary>Whether something is to be done when a user's last socket has gone.</summary>
    internal bool HasDepartures => OnLastDisconnect != LastDisconnect.Keep || ReportsPresence;

    /// <summary>How long a user has to come back; null for not at all.</summary>
    /// <param name="isInOrder">Whether the client has closed the socket itself.</param>
    internal TimeSpan? GraceOf(bool isInOrder) =>
        !isInOrder || OnLastDisconnect == LastDisconnect.Logout ? LastDisconnectGrace
        : CloseGrace > TimeSpan.Zero ? CloseGrace
        : null;
}

/// <summary>
/// How many devices of one user are served at once. A device is a login session: a connection with the session of an older one takes
/// that one's place under every policy but <see cref="All"/>, where several windows of one login are served side by side.
/// </summary>
public enum DevicePolicy
{
    /// <summary>Every socket of a user is told everything.</summary>
    All,

    /// <summary>The newest connection replaces all others.</summary>
    OnePerUser,

    /// <summary>Up to MaxDevices; a further one replaces the oldest.</summary>
    KickOldest,

    /// <summary>Up to MaxDevices; a further one is refused.</summary>
    RejectNew,
}

/// <summary>What takes events from the node where they arise to the nodes that hold the sockets.</summary>
public enum EventBusKind
{
    /// <summary>Redis where the sessions are in Redis, otherwise none.</summary>
    Auto,

    /// <summary>None: this node is the only one.</summary>
    InProcess,

    /// <summary>Redis, which all nodes share.</summary>
    Redis,
}

/// <summary>What happens when a user's last socket, anywhere, has been gone for the grace period.</summary>
public enum LastDisconnect
{
    /// <summary>The online marker is removed; the session stays, so that a page that is opened again is still logged in.</summary>
    ClearMarker,

    /// <summary>The online marker is removed and the sessions of the user's sockets end.</summary>
    Logout,

    /// <summary>Nothing.</summary>
    Keep,
}
