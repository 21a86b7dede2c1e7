namespace Gateway.Transforms.Schema;

/// <summary>What may stand in the <c>Rpc</c> transform of a route.</summary>
public static class TransformKeys
{
    public const string Rpc = "Rpc";
    public const string Session = "Session";
    public const string SessionId = "SessionId";
    public const string SessionSources = "SessionSources";
    public const string UserId = "UserId";
    public const string RequestId = "RequestId";
    public const string Envelope = "Envelope";
    public const string Ask = "Ask";
    public const string Succeeded = "Succeeded";
    public const string Notify = "Notify";
    public const string Reply = "Reply";

    public static IReadOnlyList<string> All { get; } = [Rpc, Session, SessionId, SessionSources, UserId, RequestId, Envelope, Ask, Succeeded, Notify, Reply];
}
