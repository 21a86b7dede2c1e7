using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Notify.Protocol;

namespace Gateway.Notify.Endpoint;

/// <summary>
/// What a plain client says: its session, once. After that it only listens, and nothing it sends is answered. The server's part of
/// the contract is events and nothing but events, so a refusal is told by the close code.
/// </summary>
internal sealed class PlainConversation(
    NotifyConnection connection, FirstMessage first, IEventBus bus, ISessionAuthenticator sessions, InboundRate rate, CancellationToken aborted) : IConversation
{
    public bool IsJoined { get; private set; }

    public ValueTask<CloseReason?> OnMessageAsync(ReadOnlyMemory<byte> message) =>
        !rate.TryTake() ? new(CloseReason.TooManyMessages)
        : IsJoined ? default
        : JoinAsync(message);

    private async ValueTask<CloseReason?> JoinAsync(ReadOnlyMemory<byte> message)
    {
        if (first.ReadSessionId(message) is not { } sessionId)
        {
            return CloseReason.Malformed;
        }

        var verdict = await sessions.FindUserAsync(sessionId, aborted);
        if (verdict.UserId is null)
        {
            return verdict.StoreAnswered ? CloseReason.SessionInvalid : CloseReason.SessionStoreDown;
        }

        connection.Authenticated(verdict.UserId, sessionId);
        var refusal = await bus.JoinAsync(new JoinRequest(connection), aborted);
        if (refusal is null)
        {
            IsJoined = true;
            connection.LetIn();
        }

        return refusal;
    }
}
