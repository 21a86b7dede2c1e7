using System.Buffers.Text;
using System.Text;
using Gateway.Notify.Connections;
using Microsoft.AspNetCore.Http;

namespace Gateway.Notify.Endpoint;

/// <summary>
/// The session that an upgrade shows, so that a client need not send it: in its headers, where the host lets them, or as a subprotocol, the one thing that a page
/// can say of its upgrade.
/// </summary>
internal static class UpgradeSession
{
    /// <summary>Offered beside the subprotocol that is spoken, and never chosen: what is chosen goes back to the client.</summary>
    public const string Prefix = "gateway.session.";

    /// <param name="context">The upgrade.</param>
    /// <param name="sessions">Reads its headers.</param>
    /// <param name="origins">The pages that may open sockets.</param>
    /// <param name="session">The session; null for none.</param>
    /// <returns>False when the upgrade shows two that differ, one that cannot be read, or a cookie that it may not use.</returns>
    public static bool TryRead(HttpContext context, ISessionAuthenticator sessions, AllowedOrigins origins, out string? session)
    {
        var isGood = sessions.TryRead(context.Request, origins.AdmitsCookie(context.Request), out session);
        foreach (var offered in context.WebSockets.WebSocketRequestedProtocols)
        {
            if (offered.StartsWith(Prefix, StringComparison.Ordinal))
            {
                var encoded = offered.AsSpan(Prefix.Length);
                var shown = Base64Url.IsValid(encoded) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(encoded)) : "";
                isGood &= shown.Length > 0 && (session is null || session == shown);
                session = shown;
            }
        }

        return isGood;
    }
}
