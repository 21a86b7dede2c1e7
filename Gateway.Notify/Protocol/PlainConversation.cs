using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Notify.Protocol;

/// <summary>
/// What a plain client says: its session, once. After that it only listens, and nothing it sends is answered. The server's part of
/// the contract is events and nothing but events, so a refusal is told by the close code.
/// </summary>
internal sealed class PlainConversation(
    NotifyConnection connection, IEventBus bus, ISessionAuthenticator sessions, InboundRate rate, CancellationToken aborted) : IConversation
{
    public bool IsJoined { get; private set; }

    public ValueTask<CloseReason?> OnMessageAsync(ReadOnlyMemory<byte> message) =>
        !rate.TryTake() ? new(CloseReason.TooManyMessages)
        : IsJoined ? default
        : JoinAsync(message);

    private async ValueTask<CloseReason?> JoinAsync(ReadOnlyMemory<byte> message)
    {
        ClientAuthenticationReq request;
        try
        {
            request = ClientAuthenticationReq.Parser.ParseFrom(message.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            return CloseReason.Malformed;
        }

        var verdict = await sessions.FindUserAsync(request.SessionId, aborted);
        if (verdict.UserId is null)
        {
            return verdict.StoreAnswered ? CloseReason.SessionInvalid : CloseReason.SessionStoreDown;
        }

        connection.Authenticated(verdict.UserId, request.SessionId);
        var refusal = await bus.JoinAsync(new JoinRequest(connection), aborted);
        if (refusal is null)
        {
            IsJoined = true;
            connection.LetIn();
        }

        return refusal;
    }
}
