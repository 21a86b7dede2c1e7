namespace Gateway.Transforms.Errors;

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
