using System.Net;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Transforms.Upstream;

/// <summary>
/// The further transforms of an RPC route. They read and write messages of .NET's HTTP client, so the call's headers are shown to them in that form.
/// </summary>
/// <param name="context">The client's request.</param>
/// <param name="transformer">The transforms.</param>
/// <param name="cancellationToken">Gives the call up.</param>
internal sealed class CallTransforms(HttpContext context, HttpTransformer transformer, CancellationToken cancellationToken) : IDisposable
{
    private const string Timeout = "grpc-timeout";

    /// <summary>What belongs to a connection, or is the call's own: RFC 9113, section 8.2.2.</summary>
    private static readonly HashSet<string> NotPassedOn =
        new(StringComparer.OrdinalIgnoreCase) { "connection", "host", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "content-length", "content-type", "grpc-accept-encoding" };

    private HttpResponseMessage? _response;

    /// <summary>What came with an answer, in the form that transforms read.</summary>
    public static HttpResponseMessage ResponseOf(HttpStatusCode status, Version version, IReadOnlyList<KeyValuePair<string, string>> fields)
    {
        var response = new HttpResponseMessage(status) { Version = version };
        foreach (var (name, value) in fields)
        {
            if (!response.Headers.TryAddWithoutValidation(name, value))
            {
                response.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return response;
    }

    /// <summary>The request as the operator wants it. He may change everything but the message.</summary>
    public async ValueTask<UpstreamRequest> ApplyAsync(UpstreamRequest request, string destinationPrefix)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, RequestUtilities.MakeDestinationAddress(destinationPrefix, request.Path, QueryString.Empty));
        foreach (var (name, value) in request.Headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        await transformer.TransformRequestAsync(context, message, destinationPrefix, cancellationToken);
        return request with
        {
            Authority = message.Headers.Host,
            Timeout = message.Headers.NonValidated.Contains(Timeout) ? null : request.Timeout,
            Headers =
            [
                .. from header in message.Headers.NonValidated
                   where !NotPassedOn.Contains(header.Key)
                   from value in header.Value
                   select KeyValuePair.Create(header.Key.ToLowerInvariant(), value),
            ],
            OnHeaders = response => transformer.TransformResponseAsync(context, _response = response, cancellationToken),
        };
    }

    public ValueTask ApplyToTrailersAsync() =>
        _response is null ? default : transformer.TransformResponseTrailersAsync(context, _response, cancellationToken);

    public void Dispose() => _response?.Dispose();
}
