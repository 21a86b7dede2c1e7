using System.Diagnostics.CodeAnalysis;

namespace Gateway.Transforms.Schema;

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

/// <summary>The fields that all answers of a deployment share, as paths of names or numbers (<c>header.error_message</c>). Empty: there is no such field.</summary>
public sealed class EnvelopeOptions
{
    /// <summary>Where the request id is echoed. Default <c>request_id</c>.</summary>
    public string RequestId { get; set; } = "request_id";

    /// <summary>A boolean: whether the call succeeded. Default <c>success</c>.</summary>
    public string Success { get; set; } = "success";

    /// <summary>Why not, for people. Default <c>errmsg</c>.</summary>
    public string Message { get; set; } = "errmsg";

    /// <summary>Why not, for programs: a text takes the code (<c>session-invalid</c>), a whole number the HTTP status that fits it. Default none.</summary>
    public string Code { get; set; } = "";
}
