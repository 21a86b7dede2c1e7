using Gateway.Transforms.Bodies;
using Gateway.Transforms.Verdicts;
using Gateway.Transforms.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Errors;

/// <summary>
/// Writes the reply of a call that failed, in the fields where the answer message of its route says so.
/// </summary>
internal sealed class ErrorEnvelope(IOptions<ErrorOptions> options)
{
    public async Task WriteAsync(HttpContext context, EnvelopeFields fields, RpcOutcome outcome, string? requestId)
    {
        var text = OutcomeTexts.Of(outcome);
        var chinese = ErrorLanguage.IsChinese(context.Request.Headers.AcceptLanguage, options.Value.DefaultLanguage);
        var body = fields.Encode(requestId, chinese ? text.Chinese : text.English, text.Code, text.HttpStatus);

        var response = context.Response;
        response.StatusCode = options.Value.StatusMode == StatusMode.Envelope ? StatusCodes.Status200OK : text.HttpStatus;
        response.ContentType = RpcContent.Type;
        response.ContentLength = body.Length;
        response.Headers[ErrorHeader.Name] = text.Code;
        // Not RequestAborted: when the route's time is over, that token is cancelled, and this is what the client is to read.
        await response.BodyWriter.WriteAsync(body, CancellationToken.None);
        // Browsers wait for its end, and the rest of the request may be read away first.
        await response.CompleteAsync();
    }
}

/// <summary>The header that carries the machine-readable code of a failure, beside errmsg for people.</summary>
public static class ErrorHeader
{
    /// <summary>The codes are listed in docs/wire-contract.md.</summary>
    public const string Name = "x-gateway-error";
}
