namespace Gateway.Transforms.Rpc;

/// <summary>Whether a route asks who is calling.</summary>
internal enum SessionMode
{
    /// <summary>A valid session or no access. The default of the chat system's own messages that have a session_id.</summary>
    Required,

    /// <summary>Open to everybody: registration, login. The sub-service is told no user id.</summary>
    Anonymous,
}
