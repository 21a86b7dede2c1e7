using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>The body of <c>/admin/disconnect</c>. A session id stands here alone: an address would end up in logs on the way.</summary>
/// <param name="User">Whose sockets; found by the session if it is left out.</param>
/// <param name="Session">The sockets of this login alone; all of the user if it is left out.</param>
internal sealed record DisconnectRequest(string? User, string? Session)
{
    private const int MaxSize = 4096;

    /// <summary>Null when the body is not one.</summary>
    public static async Task<DisconnectRequest?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true })
        {
            return new DisconnectRequest(null, null);
        }

        if (request.ContentLength is not <= MaxSize)
        {
            return null;
        }

        try
        {
            return await JsonSerializer.DeserializeAsync(request.Body, ManagementJson.Readable.DisconnectRequest, cancellationToken);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Never with the session in it, wherever it may be written.</summary>
    public override string ToString() => $"{nameof(DisconnectRequest)} of {User ?? "a session"}";
}
