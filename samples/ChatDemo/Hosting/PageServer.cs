using System.Net;
using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;

namespace ChatDemo.Hosting;

/// <summary>
/// Serves the chat page on a port of its own, as a web server in front of the page would. The page calls the gateway from there,
/// from another origin, and learns its addresses from config.json.
/// </summary>
internal static class PageServer
{
    public static WebApplication Build(int port, Uri gateway, Uri webSocket)
    {
        var files = new PhysicalFileProvider(Path.Combine(AppContext.BaseDirectory, "wwwroot"));
        // An empty builder: no appsettings.json or environment variable meant for the gateway reaches this host.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddRoutingCore();

        var app = builder.Build();
        var policy = ContentSecurityPolicy(gateway, webSocket);
        app.Use((context, next) =>
        {
            context.Response.Headers.ContentSecurityPolicy = policy;
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return next(context);
        });
        app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = files });
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = files,
            OnPrepareResponse = file => file.Context.Response.Headers[HeaderNames.CacheControl] = CacheControl(file.Context.Request.Path),
        });
        app.MapGet("/config.json", () => Results.Json(new
        {
            httpUrl = gateway.GetLeftPart(UriPartial.Authority),
            webSocketUrl = webSocket.ToString(),
        }));
        return app;
    }

    /// <summary>Assets have a hash in their name, so one name is one content for ever.</summary>
    private static string CacheControl(PathString path) =>
        path.StartsWithSegments("/assets") ? "public, max-age=31536000, immutable" : "no-cache";

    /// <summary>Even a slip in the page could not run anybody else's script. Pictures come as blobs that the page made.</summary>
    private static string ContentSecurityPolicy(Uri gateway, Uri webSocket) =>
        $"default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
        + $"connect-src 'self' {gateway.GetLeftPart(UriPartial.Authority)} {webSocket.GetLeftPart(UriPartial.Authority)}";
}
