using Microsoft.AspNetCore.Http;

namespace Gateway.Notify.Connections;

/// <summary>
/// Whether a page may open a socket. Browsers let any page connect anywhere and only say where it came from, so it is up to the server.
/// </summary>
internal static class OriginCheck
{
    public static bool IsAllowed(HttpRequest request, IList<string> allowedOrigins)
    {
        var origin = request.Headers.Origin.ToString();
        if (origin.Length == 0)
        {
            return true;
        }

        return allowedOrigins.Count > 0
            ? allowedOrigins.Any(allowed => allowed == NotifyOptionsValidator.AnyOrigin || string.Equals(allowed, origin, StringComparison.OrdinalIgnoreCase))
            : Uri.TryCreate(origin, UriKind.Absolute, out var uri) && string.Equals(uri.Host, request.Host.Host, StringComparison.OrdinalIgnoreCase);
    }
}
