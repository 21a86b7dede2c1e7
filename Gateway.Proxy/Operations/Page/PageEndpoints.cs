using System.Net.Mime;
using Microsoft.Net.Http.Headers;

namespace Gateway.Proxy.Operations.Page;

/// <summary>The management page, at <c>/</c>. It holds nothing of this gateway: all it shows it asks of <c>/admin</c>, with the operator's token.</summary>
internal static class PageEndpoints
{
    /// <summary>Nothing from elsewhere, nothing written into the page, and no text ever taken for markup.</summary>
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    public static void MapPage(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapFile("/", "page.html", MediaTypeNames.Text.Html);
        endpoints.MapFile("/page.css", "page.css", MediaTypeNames.Text.Css);
        endpoints.MapFile("/page.js", "page.js", MediaTypeNames.Text.JavaScript);
    }

    private static void MapFile(this IEndpointRouteBuilder endpoints, string path, string resource, string type)
    {
        var content = Read(resource);
        endpoints.MapGet(path, (HttpResponse response) =>
        {
            response.Headers.ContentSecurityPolicy = Policy;
            response.Headers.CacheControl = "no-store";
            response.Headers.XContentTypeOptions = "nosniff";
            response.Headers["Referrer-Policy"] = "no-referrer";
            return Results.Bytes(content, new MediaTypeHeaderValue(type) { Charset = "utf-8" }.ToString());
        }).AllowAnonymous();
    }

    private static byte[] Read(string resource)
    {
        using var stream = typeof(PageEndpoints).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The program was built without '{resource}'.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
