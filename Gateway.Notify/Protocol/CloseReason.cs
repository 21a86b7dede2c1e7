using System.Net.WebSockets;

namespace Gateway.Notify.Protocol;

/// <summary>Why a socket is closed: the code and text of the close frame. Documented for client authors in docs/close-codes.md.</summary>
/// <param name="Code">The close code (RFC 6455, section 7.4); 4000 and above are this gateway's own.</param>
/// <param name="Text">Short, stable and machine-readable.</param>
/// <param name="Reconnect">Whether the client should come back by itself.</param>
internal sealed record CloseReason(int Code, string Text, bool Reconnect)
{
    public static readonly CloseReason ClientClosed = new((int)WebSocketCloseStatus.NormalClosure, "closed-by-client", false);
    public static readonly CloseReason GoingAway = new((int)WebSocketCloseStatus.EndpointUnavailable, "going-away", true);
    public static readonly CloseReason ProtocolError = new((int)WebSocketCloseStatus.ProtocolError, "protocol-error", false);
    public static readonly CloseReason NotBinary = new((int)WebSocketCloseStatus.InvalidMessageType, "not-binary", false);
    public static readonly CloseReason TooBig = new((int)WebSocketCloseStatus.MessageTooBig, "message-too-big", false);
    public static readonly CloseReason InternalError = new((int)WebSocketCloseStatus.InternalServerError, "internal-error", true);
    public static readonly CloseReason Malformed = new(4400, "malformed-authentication", false);
    public static readonly CloseReason SessionInvalid = new(4401, "session-invalid", false);
    public static readonly CloseReason AuthenticationTimeout = new(4408, "authentication-timeout", true);
    public static readonly CloseReason Replaced = new(4409, "replaced-by-other-device", false);
    public static readonly CloseReason TooManyConnections = new(4429, "too-many-connections", false);
    public static readonly CloseReason TooManyMessages = new(4430, "too-many-messages", false);
    public static readonly CloseReason SessionEnded = new(4440, "session-ended", false);
    public static readonly CloseReason SlowConsumer = new(4450, "slow-consumer", true);
    public static readonly CloseReason SessionStoreDown = new(4503, "session-store-down", true);
    public static readonly CloseReason EventStoreDown = new(4504, "event-store-down", true);

    /// <summary>All of them, for the documentation's test.</summary>
    public static IReadOnlyList<CloseReason> All { get; } =
    [
        ClientClosed, GoingAway, ProtocolError, NotBinary, TooBig, InternalError, Malformed, SessionInvalid, AuthenticationTimeout,
        Replaced, TooManyConnections, TooManyMessages, SessionEnded, SlowConsumer, SessionStoreDown, EventStoreDown,
    ];
}
