using System.Globalization;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Rpc;

/// <summary>Reads how a gRPC call ended. Codes: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md.</summary>
internal static class GrpcStatus
{
    private const int Ok = 0;
    private const int DeadlineExceeded = 4;
    private const int Unavailable = 14;

    /// <param name="status">The code as it was sent; null when none was.</param>
    /// <param name="message">What was said of it, in percent encoding.</param>
    /// <exception cref="AnswerException">The call failed, or its status is missing or unreadable.</exception>
    public static void EnsureOk(string? status, string? message)
    {
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
            throw new AnswerException(new Verdict(kind, outcome, Reach.Answered, message is null ? null : GrpcMessage.Decode(message), $"grpc-status {code}"));
        }
    }
}
