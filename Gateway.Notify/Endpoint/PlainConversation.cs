using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Notify.Protocol;

namespace Gateway.Notify.Endpoint;

/// <summary>
/// What a plain client says: its session, once, unless its upgrade has said it. After that it only listens, and nothing it sends is answered. The server's part of
/// the contract is events and nothing but events, so a refusal is told by the close code.
/// </summary>
internal sealed class PlainConversation(
    NotifyConnection connection, FirstMessage first, IEventBus bus, ISessionAuthenticator sessions, InboundRate rate, string? shown, CancellationToken aborted) : IConversation
{
    public bool IsJoined { get; private set; }

    public ValueTask<CloseReason?> OnMessageAsync(ReadOnlyMemory<byte> message) =>
        !rate.TryTake() ? new(CloseReason.TooManyMessages)
        : shown is not null ? new(IsOther(message) ? CloseReason.Malformed : null)
        : IsJoined ? default
        : first.ReadSessionId(message) is { } sessionId ? JoinAsync(sessionId)
        : new(CloseReason.Malformed);

    public ValueTask<CloseReason?> BeginAsync() => shown is null ? default : JoinAsync(shown);

    /// <summary>A client that shows its session twice has to show the same one.</summary>
    private bool IsOther(ReadOnlyMemory<byte> message) => first.ReadSessionId(message) is { Length: > 0 } sessionId && sessionId != shown;

    private async ValueTask<CloseReason?> JoinAsync(string sessionId)
    {
        var verdict = await sessions.FindUserAsync(sessionId, aborted);
        if (verdict.UserId is null)
        {
            return verdict.StoreAnswered ? CloseReason.SessionInvalid : CloseReason.SessionStoreDown;
        }

        connection.Authenticated(verdict, sessionId);
        var refusal = await bus.JoinAsync(new JoinRequest(connection), aborted);
        if (refusal is null)
        {
            IsJoined = true;
            connection.LetIn();
        }

        return refusal;
    }
}
