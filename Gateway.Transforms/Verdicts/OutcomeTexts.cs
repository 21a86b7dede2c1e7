namespace Gateway.Transforms.Verdicts;

/// <summary>What clients read about each <see cref="RpcOutcome"/>. Nothing here tells of hosts, stacks or stores.</summary>
internal static class OutcomeTexts
{
    public static OutcomeText Of(RpcOutcome outcome) => outcome switch
    {
        RpcOutcome.Ok => Success,
        RpcOutcome.BadRequest => BadRequest,
        RpcOutcome.UnsupportedContent => UnsupportedContent,
        RpcOutcome.TooLarge => TooLarge,
        RpcOutcome.SessionInvalid => SessionInvalid,
        RpcOutcome.SessionStoreDown => SessionStoreDown,
        RpcOutcome.RateLimited => RateLimited,
        RpcOutcome.Overloaded => Overloaded,
        RpcOutcome.NoInstance => NoInstance,
        RpcOutcome.TimedOut => TimedOut,
        RpcOutcome.SubServiceFailed => SubServiceFailed,
        RpcOutcome.ClientGone => ClientGone,
        _ => Internal,
    };

    private static readonly OutcomeText Success = new("ok", 200, "", "");

    private static readonly OutcomeText BadRequest = new("bad-request", 400,
        "The request could not be read. Please update the app and try again.", "无法识别该请求，请更新应用后重试。");

    private static readonly OutcomeText UnsupportedContent = new("unsupported-content", 415,
        "The request has a content type that is not supported here.", "不支持该请求的内容类型。");

    private static readonly OutcomeText TooLarge = new("too-large", 413,
        "This is too large to be sent.", "内容过大，无法发送。");

    private static readonly OutcomeText SessionInvalid = new("session-invalid", 401,
        "Your login has expired. Please log in again.", "登录已失效，请重新登录。");

    private static readonly OutcomeText SessionStoreDown = new("session-store-down", 503,
        "Your login cannot be checked right now. Please try again in a moment.", "暂时无法验证登录状态，请稍后重试。", IsFailure: true);

    private static readonly OutcomeText RateLimited = new("rate-limited", 429,
        "Too many requests. Please wait a moment and try again.", "请求过于频繁，请稍后再试。");

    private static readonly OutcomeText Overloaded = new("overloaded", 503,
        "This service is very busy right now. Please try again in a moment.", "服务繁忙，请稍后重试。", IsFailure: true);

    private static readonly OutcomeText NoInstance = new("no-instance", 503,
        "This service is not available right now. Please try again in a moment.", "服务暂不可用，请稍后重试。", IsFailure: true);

    private static readonly OutcomeText TimedOut = new("timed-out", 504,
        "This took too long. Please try again.", "请求超时，请重试。", IsFailure: true);

    private static readonly OutcomeText SubServiceFailed = new("sub-service-failed", 502,
        "The service could not complete the request. Please try again later.", "服务处理失败，请稍后重试。", IsFailure: true);

    private static readonly OutcomeText Internal = new("internal", 500,
        "Something went wrong on our side. Please try again later.", "服务器内部错误，请稍后重试。", IsFailure: true);

    private static readonly OutcomeText ClientGone = new("client-gone", 499, "", "");
}

/// <summary>Everything that follows from an outcome, in one row.</summary>
/// <param name="Code">Stable and machine-readable: the header <c>x-gateway-error</c>, the metric tag, the log.</param>
/// <param name="HttpStatus">The status in <c>StatusMode: Http</c>.</param>
/// <param name="English">The sentence for the user.</param>
/// <param name="Chinese">The same in simplified Chinese.</param>
/// <param name="IsFailure">Not the client's doing: it is logged as a warning, and the management page counts it as failed.</param>
internal sealed record OutcomeText(string Code, int HttpStatus, string English, string Chinese, bool IsFailure = false);
