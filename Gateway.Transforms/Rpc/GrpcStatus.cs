using System.Globalization;
using System.Net.Http.Headers;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Rpc;

/// <summary>Reads how a gRPC call ended. Codes: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md.</summary>
internal static class GrpcStatus
{
    private const int Ok = 0;
    private const int DeadlineExceeded = 4;
    private const int Unavailable = 14;

    /// <summary>The status in a trailers-only answer stands in its headers, otherwise in the trailers behind the body.</summary>
    public static bool IsIn(HttpResponseHeaders headers) => headers.Contains("grpc-status");

    /// <exception cref="AnswerException">The call failed, or its status is missing or unreadable.</exception>
    public static void EnsureOk(HttpResponseHeaders headers)
    {
        var status = Find(headers, "grpc-status");
        if (!int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code))
        {
            throw AnswerException.Garbled(status is null ? "the answer has no grpc-status" : $"grpc-status '{GrpcMessage.Decode(status)}'");
        }

        if (code != Ok)
        {
            var (kind, outcome) = code switch
            {
                DeadlineExceeded => (VerdictKind.Slow, RpcOutcome.TimedOut),
                Unavailable => (VerdictKind.Unavailable, RpcOutcome.NoInstance),
                _ => (VerdictKind.Answered, RpcOutcome.SubServiceFailed),
            };
            throw new AnswerException(new Verdict(kind, outcome, Reach.Answered, Find(headers, "grpc-message") is { } message ? GrpcMessage.Decode(message) : null, $"grpc-status {code}"));
        }
    }

    private static string? Find(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
