using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;
using Gateway.Notify.Protocol;
using Gateway.Protocol.NotifyV2;
using Google.Protobuf;

namespace Gateway.Notify.Endpoint;

/// <summary>What a client of gateway.notify.v2 says: hello first, then now and then where it stands or a fresh session.</summary>
internal sealed class ExtendedConversation(
    NotifyConnection connection, IEventBus bus, ISessionAuthenticator sessions, InboundRate rate, NotifyOptions options, string? shown, CancellationToken aborted)
    : IConversation
{
    public bool IsJoined { get; private set; }

    public ValueTask<CloseReason?> OnMessageAsync(ReadOnlyMemory<byte> message)
    {
        if (!rate.TryTake())
        {
            return new(CloseReason.TooManyMessages);
        }

        ClientFrame frame;
        try
        {
            frame = ClientFrame.Parser.ParseFrom(message.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            return new(CloseReason.Malformed);
        }

        return (IsJoined, frame.FrameCase) switch
        {
            (false, ClientFrame.FrameOneofCase.Hello) => HelloAsync(frame.Hello),
            (true, ClientFrame.FrameOneofCase.Resume) => ResumeAsync(frame.Resume),
            (true, ClientFrame.FrameOneofCase.Authenticate) => AuthenticateAsync(frame.Authenticate.SessionId),
            // Of a later version of the protocol.
            (true, ClientFrame.FrameOneofCase.None) => default,
            _ => new(CloseReason.Malformed),
        };
    }

    private async ValueTask<CloseReason?> HelloAsync(Hello hello)
    {
        if (shown is not null && hello.SessionId.Length > 0 && hello.SessionId != shown)
        {
            return CloseReason.Malformed;
        }

        var sessionId = shown ?? hello.SessionId;
        var verdict = await sessions.FindUserAsync(sessionId, aborted);
        if (verdict.UserId is null)
        {
            return Refusal(verdict);
        }

        connection.Authenticated(verdict, sessionId);
        var refusal = await bus.JoinAsync(
            new JoinRequest(
                connection,
                hello.PreviousConnectionId,
                hello.Resume is null ? null : Position(hello.Resume),
                position => ExtendedFrames.Welcome(connection.Id, position, options.HeartbeatInterval)),
            aborted);
        if (refusal is null)
        {
            IsJoined = true;
            connection.LetIn();
        }

        return refusal;
    }

    private async ValueTask<CloseReason?> ResumeAsync(Resume resume)
    {
        // While the session is over the client is told nothing; what it misses comes when it has shown a fresh one.
        if (connection.ExpiresAt is null)
        {
            await bus.ResumeAsync(connection, Position(resume), aborted);
        }

        return null;
    }

    private async ValueTask<CloseReason?> AuthenticateAsync(string sessionId)
    {
        var verdict = await sessions.FindUserAsync(sessionId, aborted);
        if (verdict.UserId != connection.UserId)
        {
            return Refusal(verdict);
        }

        // Its place was taken under the old session, so it is given up and taken anew. What happens in between is replayed.
        await bus.LeaveAsync(connection);
        connection.Authenticated(verdict, sessionId);
        connection.ExpiresAt = null;
        return await bus.JoinAsync(
            new JoinRequest(connection, Resume: connection.Position, Greeting: _ => ExtendedFrames.Authenticated()), aborted);
    }

    private static FeedPosition Position(Resume resume) => new(resume.Epoch, resume.Sequence);

    private static CloseReason Refusal(SessionVerdict verdict) =>
        verdict.StoreAnswered ? CloseReason.SessionInvalid : CloseReason.SessionStoreDown;
}
