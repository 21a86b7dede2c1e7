using System.Net.Mime;
using System.Text;
using Gateway.Transforms.Reporting;
using Microsoft.Net.Http.Headers;

namespace Gateway.Proxy.Operations.Page;

/// <summary>
/// The management page, at <c>/</c>. It holds nothing of this gateway: all it shows it asks of <c>/admin</c>, with the operator's token. Its script is
/// made of the modules in the folder <c>page</c>, which browsers load as they are.
/// </summary>
internal static class PageEndpoints
{
    private const string Start = "page.html";

    /// <summary>Nothing from elsewhere, nothing written into the page, and no text ever taken for markup.</summary>
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    /// <summary>The codes that the page judges calls by, as a module of its script.</summary>
    private static readonly string Outcomes = $"export const failures = [{Quoted(CallMeters.Failures)}];\nexport const refusals = [{Quoted(CallMeters.Refusals)}];\n";

    public static void MapPage(this IEndpointRouteBuilder endpoints)
    {
        foreach (var file in typeof(PageEndpoints).Assembly.GetManifestResourceNames())
        {
            endpoints.MapFile(file == Start ? "/" : $"/{file}", Read(file));
        }

        endpoints.MapFile("/page/outcomes.js", Encoding.UTF8.GetBytes(Outcomes));
    }

    private static void MapFile(this IEndpointRouteBuilder endpoints, string path, byte[] content)
    {
        var type = new MediaTypeHeaderValue(Path.GetExtension(path) switch
        {
            ".js" => MediaTypeNames.Text.JavaScript,
            ".css" => MediaTypeNames.Text.Css,
            _ => MediaTypeNames.Text.Html,
        })
        {
            Charset = "utf-8",
        }.ToString();
        endpoints.MapGet(path, (HttpResponse response) =>
        {
            response.Headers.ContentSecurityPolicy = Policy;
            response.Headers.CacheControl = "no-store";
            response.Headers.XContentTypeOptions = "nosniff";
            response.Headers["Referrer-Policy"] = "no-referrer";
            return Results.Bytes(content, type);
        }).AllowAnonymous();
    }

    private static string Quoted(IEnumerable<string> codes) => string.Join(", ", codes.Select(code => $"\"{code}\""));

    private static byte[] Read(string resource)
    {
        using var stream = typeof(PageEndpoints).Assembly.GetManifestResourceStream(resource)!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
