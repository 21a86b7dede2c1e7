using System.Diagnostics.CodeAnalysis;
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
    [AllowNull]
    public string SessionId { get; set => field = value ?? DefaultSessionId; } = DefaultSessionId;

    /// <summary>What the sub-service takes the caller's user id from. Default <c>user_id</c>. Empty: it is not told who calls.</summary>
    [AllowNull]
    public string UserId { get; set => field = value ?? DefaultUserId; } = DefaultUserId;

    /// <summary>What a client tells its requests apart by, echoed in errors. Default <c>request_id</c>.</summary>
    [AllowNull]
    public string RequestId { get; set => field = value ?? DefaultRequestId; } = DefaultRequestId;

    /// <summary>The fields of an answer that say how the call went.</summary>
    [AllowNull]
    public EnvelopeOptions Envelope { get; set => field = value ?? new(); } = new();

    internal const string DefaultSessionId = "session_id";
    internal const string DefaultUserId = "user_id";

    private const string DefaultRequestId = "request_id";
}
