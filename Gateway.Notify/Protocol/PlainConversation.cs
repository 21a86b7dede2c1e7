using Gateway.Notify.Connections;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Notify.Protocol;

/// <summary>
/// What a plain client says: its session, once. After that it only listens, and nothing it sends is answered. The server's part of
/// the contract is events and nothing but events, so a refusal is told by the close code.
/// </summary>
internal sealed class PlainConversation(
    NotifyConnection connection, ConnectionRegistry registry, ISessionAuthenticator sessions, InboundRate rate, CancellationToken aborted)
{
    /// <summary>Whether the client has shown a valid session and is being told events.</summary>
    public bool IsJoined { get; private set; }

    /// <summary>Takes one message of the client; returns why the socket is to be closed, or null.</summary>
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
        var refusal = registry.Add(connection);
        IsJoined = refusal is null;
        return refusal;
    }
}
