using Gateway.Transforms.Errors;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// What the fields are called that all requests and answers of a deployment share: section <c>Gateway:Messages</c>. Each is a path of names or numbers
/// (<c>header.session_id</c>, <c>4</c>), and a route may say another one beside its <c>Rpc</c>.
/// </summary>
public sealed class MessageOptions
{
    public const string SectionName = "Gateway:Messages";

    /// <summary>The session id of a request. Default <c>session_id</c>.</summary>
    public string SessionId { get; set; } = DefaultSessionId;

    /// <summary>What the sub-service takes the caller's user id from. Default <c>user_id</c>. Empty: it is not told who calls.</summary>
    public string UserId { get; set; } = "user_id";

    /// <summary>What a client tells its requests apart by, echoed in errors. Default <c>request_id</c>.</summary>
    public string RequestId { get; set; } = "request_id";

    /// <summary>The fields of an answer that say how the call went.</summary>
    public EnvelopeOptions Envelope { get; set; } = new();

    internal const string DefaultSessionId = "session_id";
}
