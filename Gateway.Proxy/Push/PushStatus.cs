using Grpc.Core;

namespace Gateway.Proxy.Push;

/// <summary>The gRPC codes that this port answers with: their names, and the HTTP status for those who speak JSON.</summary>
internal static class PushStatus
{
    private static readonly Dictionary<StatusCode, (string Name, int Http)> Codes = new()
    {
        [StatusCode.InvalidArgument] = ("INVALID_ARGUMENT", StatusCodes.Status400BadRequest),
        [StatusCode.NotFound] = ("NOT_FOUND", StatusCodes.Status404NotFound),
        [StatusCode.Aborted] = ("ABORTED", StatusCodes.Status409Conflict),
        [StatusCode.ResourceExhausted] = ("RESOURCE_EXHAUSTED", StatusCodes.Status429TooManyRequests),
        [StatusCode.Cancelled] = ("CANCELLED", StatusCodes.Status499ClientClosedRequest),
        [StatusCode.Unimplemented] = ("UNIMPLEMENTED", StatusCodes.Status404NotFound),
        [StatusCode.Unavailable] = ("UNAVAILABLE", StatusCodes.Status503ServiceUnavailable),
        [StatusCode.DeadlineExceeded] = ("DEADLINE_EXCEEDED", StatusCodes.Status504GatewayTimeout),
    };

    public static string NameOf(StatusCode code) => Codes[code].Name;

    public static int HttpOf(StatusCode code) => Codes[code].Http;
}
