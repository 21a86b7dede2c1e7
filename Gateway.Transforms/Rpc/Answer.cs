using Gateway.Transforms.Errors;
using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Http;

namespace Gateway.Transforms.Rpc;

/// <summary>The answer message of a sub-service, taken out of its protocol but not yet read.</summary>
/// <param name="Message">The bare message.</param>
/// <param name="Length">Its length in bytes; null when that is known only at the end.</param>
internal readonly record struct Answer(Stream Message, long? Length)
{
    /// <summary>The answer of a call by HTTP.</summary>
    /// <exception cref="AnswerException">The call failed.</exception>
    public static Answer OfHttp(HttpResponseMessage response)
    {
        EnsureStatus((int)response.StatusCode);
        var content = response.Content.Headers;
        if (!RpcContent.IsMessage(content.ContentType?.MediaType) || content.ContentEncoding.Count > 0)
        {
            throw AnswerException.Garbled($"the answer's content type is '{GrpcMessage.Decode($"{content.ContentType}")}', or it is compressed");
        }

        return new Answer(response.Content.ReadAsStream(), content.ContentLength);
    }

    /// <exception cref="AnswerException">The HTTP status says that the call failed.</exception>
    public static void EnsureStatus(int status)
    {
        if (status != StatusCodes.Status200OK)
        {
            var (kind, outcome) = status switch
            {
                StatusCodes.Status503ServiceUnavailable => (VerdictKind.Unavailable, RpcOutcome.NoInstance),
                StatusCodes.Status504GatewayTimeout => (VerdictKind.Slow, RpcOutcome.TimedOut),
                _ => (VerdictKind.Answered, RpcOutcome.SubServiceFailed),
            };
            throw new AnswerException(new Verdict(kind, outcome, Reach.Answered, Status: $"HTTP status {status}"));
        }
    }
}
