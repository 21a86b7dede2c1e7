using System.Globalization;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Upstream;

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

/// <summary>The text of <c>grpc-message</c>, which is UTF-8 in percent encoding.</summary>
internal static class GrpcMessage
{
    public const int MaxLength = 200;

    /// <summary>A character of UTF-16 takes three bytes at most, and each byte three characters of the header.</summary>
    private const int MaxEncoded = (MaxLength + 1) * 9;

    /// <summary>
    /// Decodes it, as far as it is encoded well; what is not stays as it is. Cuts it, because a sub-service may quote a whole request.
    /// </summary>
    public static string Decode(string encoded) => Cut(Uri.UnescapeDataString(encoded.AsSpan(0, Math.Min(encoded.Length, MaxEncoded))));

    /// <summary>The same of a text that is not encoded.</summary>
    public static string Cut(string text) =>
        text.Length <= MaxLength ? text : $"{text.AsSpan(0, char.IsHighSurrogate(text[MaxLength - 1]) ? MaxLength - 1 : MaxLength)}…";
}
