using Gateway.Transforms.Rpc;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Errors;

/// <summary>
/// Writes the reply of a call that failed. Every answer of the system begins with request_id, success and errmsg, so this one
/// message is a valid answer to any request.
/// </summary>
internal sealed class ErrorEnvelope(IOptions<ErrorOptions> options)
{
    private const int RequestIdField = 1;
    private const int ErrmsgField = 3;

    public async Task WriteAsync(HttpContext context, RpcOutcome outcome, string? requestId)
    {
        var text = OutcomeTexts.Of(outcome);
        var chinese = ErrorLanguage.IsChinese(context.Request.Headers.AcceptLanguage, options.Value.DefaultLanguage);
        var body = Encode(requestId, chinese ? text.Chinese : text.English);

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

    /// <summary>success is left out: false is its default, and proto3 does not write defaults.</summary>
    private static byte[] Encode(string? requestId, string errmsg)
    {
        var size = SizeOf(requestId) + SizeOf(errmsg);
        var body = new byte[size];
        var output = new CodedOutputStream(body);
        Write(RequestIdField, requestId);
        Write(ErrmsgField, errmsg);
        output.CheckNoSpaceLeft();
        return body;

        static int SizeOf(string? value) => string.IsNullOrEmpty(value) ? 0 : 1 + CodedOutputStream.ComputeStringSize(value);

        void Write(int field, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                output.WriteTag(field, WireFormat.WireType.LengthDelimited);
                output.WriteString(value);
            }
        }
    }
}
