using System.Text;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Upstream.Brpc;

/// <summary>
/// What the codes of brpc say of a call: https://github.com/apache/brpc/blob/master/src/brpc/errno.proto. Others are the sub-service's own.
/// </summary>
internal static class BrpcStatus
{
    private const int TimedOut = 1008;
    private const int Overcrowded = 1011;
    private const int LogOff = 2003;
    private const int Limit = 2004;

    /// <summary>A character of UTF-16 takes three bytes at most, and the first one that is cut off shows that there are more.</summary>
    private const int MaxTextBytes = (GrpcMessage.MaxLength + 2) * 3;

    /// <summary>Why a call has failed that was answered with an error.</summary>
    public static AnswerException Failure(int code, ReadOnlySpan<byte> text)
    {
        var (kind, outcome, reach) = code switch
        {
            TimedOut => (VerdictKind.Slow, RpcOutcome.TimedOut, Reach.Answered),
            // Servers say so before they look for the method, and clients of brpc make such calls again elsewhere as well.
            LogOff or Limit or Overcrowded => (VerdictKind.Unavailable, RpcOutcome.NoInstance, Reach.NotSent),
            _ => (VerdictKind.Answered, RpcOutcome.SubServiceFailed, Reach.Answered),
        };
        var reason = text.IsEmpty ? null : GrpcMessage.Cut(Encoding.UTF8.GetString(text[..Math.Min(text.Length, MaxTextBytes)]));
        return new AnswerException(new Verdict(kind, outcome, reach, reason, $"brpc error {code}"));
    }

    /// <summary>Why an answer cannot be used whose message is compressed.</summary>
    public static AnswerException Compressed(int type)
    {
        var name = type switch { 1 => "snappy", 2 => "gzip", 3 => "zlib", 4 => "lz4", _ => $"type {type}" };
        return AnswerException.Unusable(
            $"the answer is compressed ({name}), which the gateway does not unpack: leave set_response_compress_type out, or have the cluster speak gRPC");
    }
}
