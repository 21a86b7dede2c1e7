using Gateway.Proxy.Settings;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Proxy.Push;

/// <summary>Who may ask anything of this port, and how much at once.</summary>
internal static partial class PushDoor
{
    /// <summary>Lets nobody pass who does not send the token.</summary>
    public static void UseToken(this IApplicationBuilder branch, BearerToken token, ILogger logger) => branch.Use(next => context =>
    {
        if (token.IsIn(context.Request.Headers.Authorization.ToString()))
        {
            return next(context);
        }

        Log.Refused(logger, context.Connection.RemoteIpAddress?.ToString() ?? "?");
        context.Response.Headers.WWWAuthenticate = BearerToken.Scheme;
        // Clients of gRPC read the same from the status.
        return PushJson.RefuseAsync(
            context, StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", $"Send 'Authorization: Bearer <token>' with the token of {PushOptions.SectionName}.");
    });

    /// <summary>Bounds the body of a request.</summary>
    public static void UseLimit(this IApplicationBuilder branch, long bytes) => branch.Use(next => context =>
    {
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize = bytes;
        return next(context);
    });

    private static partial class Log
    {
        [LoggerMessage(1330, LogLevel.Debug, "A request from {Address} to the push port had no token, or another one.", EventName = "PushRefused")]
        public static partial void Refused(ILogger logger, string address);
    }
}
