using System.IO.Compression;
using System.Net;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Verdicts;

namespace Gateway.Transforms.Rpc;

/// <summary>The answer message of a sub-service, taken out of its protocol but not yet read.</summary>
/// <param name="Message">The bare message.</param>
/// <param name="Length">Its length in bytes; null when that is known only at the end.</param>
internal readonly record struct Answer(Stream Message, long? Length)
{
    /// <exception cref="AnswerException">The call failed, as far as can be told before the message is read.</exception>
    public static ValueTask<Answer> OpenAsync(RpcProtocol protocol, HttpResponseMessage response, CancellationToken cancellationToken) =>
        protocol == RpcProtocol.Grpc ? OpenGrpcAsync(response, cancellationToken) : new(OpenHttp(response));

    private static async ValueTask<Answer> OpenGrpcAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        EnsureStatus(response);
        var type = response.Content.Headers.ContentType?.MediaType;
        if (type?.StartsWith(RpcContent.GrpcType, StringComparison.OrdinalIgnoreCase) is not true)
        {
            throw AnswerException.Garbled($"the answer's content type is '{GrpcMessage.Decode(type ?? "")}', not {RpcContent.GrpcType}");
        }

        if (GrpcStatus.IsIn(response.Headers))
        {
            GrpcStatus.EnsureOk(response.Headers);
            throw AnswerException.Garbled("the answer is good but has no message");
        }

        var message = await GrpcAnswerStream.OpenAsync(response, cancellationToken);
        return message.IsCompressed ? new Answer(Decompress(response, message), null) : new Answer(message, message.MessageLength);
    }

    private static Answer OpenHttp(HttpResponseMessage response)
    {
        EnsureStatus(response);
        var content = response.Content.Headers;
        if (!RpcContent.IsMessage(content.ContentType?.MediaType) || content.ContentEncoding.Count > 0)
        {
            throw AnswerException.Garbled($"the answer's content type is '{GrpcMessage.Decode($"{content.ContentType}")}', or it is compressed");
        }

        return new Answer(response.Content.ReadAsStream(), content.ContentLength);
    }

    private static void EnsureStatus(HttpResponseMessage response)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            var (kind, outcome) = response.StatusCode switch
            {
                HttpStatusCode.ServiceUnavailable => (VerdictKind.Unavailable, RpcOutcome.NoInstance),
                HttpStatusCode.GatewayTimeout => (VerdictKind.Slow, RpcOutcome.TimedOut),
                _ => (VerdictKind.Answered, RpcOutcome.SubServiceFailed),
            };
            throw new AnswerException(new Verdict(kind, outcome, Reach.Answered, Status: $"HTTP status {(int)response.StatusCode}"));
        }
    }

    private static DecompressedAnswer Decompress(HttpResponseMessage response, GrpcAnswerStream message)
    {
        var encoding = response.Headers.NonValidated.TryGetValues("grpc-encoding", out var values) ? values.ToString() : "none";
        Stream unpacked = encoding switch
        {
            "gzip" => new GZipStream(message, CompressionMode.Decompress),
            "deflate" => new ZLibStream(message, CompressionMode.Decompress),
            _ => throw AnswerException.Garbled($"the answer is compressed as '{GrpcMessage.Decode(encoding)}', which the gateway cannot read"),
        };
        return new DecompressedAnswer(unpacked, message);
    }
}
