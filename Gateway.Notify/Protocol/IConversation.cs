namespace Gateway.Notify.Protocol;

/// <summary>What a client says on one socket, and what follows from it.</summary>
internal interface IConversation
{
    /// <summary>Whether the client has shown a valid session and been let in.</summary>
    bool IsJoined { get; }

    /// <summary>Takes one message of the client; returns why the socket is to be closed, or null.</summary>
    ValueTask<CloseReason?> OnMessageAsync(ReadOnlyMemory<byte> message);
}
