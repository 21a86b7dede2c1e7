using Microsoft.AspNetCore.Http;

namespace Gateway.Notify.Connections;

/// <summary>
/// Whether a page may open a socket. Browsers let any page connect anywhere and only say where it came from, so it is up to the server.
/// </summary>
internal static class OriginCheck
{
    public static bool IsAllowed(HttpRequest request, AllowedOrigins allowed)
    {
        var origin = request.Headers.Origin.ToString();
        if (origin.Length == 0)
        {
            return true;
        }

        return allowed.IsEmpty
            ? Origin.TryParse(origin, out var page) && page.Host.Length > 0 && string.Equals(page.Host, request.Host.Host, StringComparison.OrdinalIgnoreCase)
            : allowed.Contains(origin);
    }
}
