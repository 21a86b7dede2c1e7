namespace Gateway.Transforms.Rpc;

/// <summary>What an exception of the HTTP handler says about a request that got no answer.</summary>
internal static class SendFailure
{
    /// <summary>HTTP/2's REFUSED_STREAM: the peer has done nothing with this request (RFC 9113, section 8.7).</summary>
    private const long RefusedStream = 7;

    /// <summary>
    /// There was no connection, or the peer refused the request on it without looking at it. In the second case the handler wants to send
    /// it again by itself and asks for the body a second time, which is answered with an InvalidOperationException. All others of these
    /// are thrown before anything is sent.
    /// </summary>
    public static bool IsNotSent(Exception? exception) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } => true,
        HttpProtocolException { ErrorCode: RefusedStream } or InvalidOperationException => true,
        AggregateException several => several.InnerExceptions.Any(IsNotSent),
        OperationCanceledException => IsConnectTimeout(exception),
        { InnerException: { } inner } => IsNotSent(inner),
        _ => false,
    };

    /// <summary>The handler says so with a TimeoutException inside; whatever else is cancelled has none.</summary>
    public static bool IsConnectTimeout(Exception? exception) => exception is OperationCanceledException { InnerException: TimeoutException };
}
