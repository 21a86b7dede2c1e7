using System.Net;
using Gateway.Proxy.Hosting;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional;

/// <summary>Who may do what at the management port. Asks for every endpoint there is, so a new one cannot be forgotten.</summary>
[TestFixture]
internal sealed class ManagementGuardTests
{
    private const string Token = "a-token-of-some-length";

    private static readonly string[] AnyMethod = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

    /// <summary>All that everybody may read who reaches the port.</summary>
    private static readonly string[] Open =
    [
        "GET /", "GET /page.css", "GET /page.js", "GET /livez", "GET /readyz", "GET /metrics", "HEAD /metrics",
        .. new[]
        {
            "actions", "clusters", "configuration", "elements", "format", "gateway", "health", "look", "outcomes", "proxy", "routes", "tiles", "traffic",
            "troubles", "users",
        }.Select(module => $"GET /page/{module}.js"),
    ];

    private readonly HttpClient _client = new();

    [OneTimeTearDown]
    public void Dispose() => _client.Dispose();

    [Test]
    public async Task WithAToken_NothingIsReachedWithoutIt_ApartFromWhatIsOpen([Values(null, "wrong")] string? token)
    {
        await using var gateway = await StartAsync(Token);
        var endpoints = EndpointsOf(gateway);
        Assert.That(endpoints, Is.SupersetOf(new[] { "GET /admin/status", "POST /admin/drain", "POST /admin/reload", "POST /metrics" }.Concat(Open)));

        foreach (var endpoint in endpoints)
        {
            var expected = Open.Contains(endpoint) ? HttpStatusCode.OK : HttpStatusCode.Unauthorized;
            Assert.That(await AskAsync(gateway, endpoint, token), Is.EqualTo(expected), endpoint);
        }
    }

    [Test]
    public async Task WithoutAToken_NothingCanBeChanged()
    {
        await using var gateway = await StartAsync(token: null);

        foreach (var endpoint in EndpointsOf(gateway).Where(endpoint => !IsRead(endpoint)))
        {
            Assert.That(await AskAsync(gateway, endpoint), Is.EqualTo(HttpStatusCode.Forbidden), endpoint);
        }
    }

    [Test]
    public async Task WithoutAToken_FromAnotherMachine_OnlyWhatIsOpenCanBeRead([Values("203.0.113.7", "::ffff:203.0.113.7", "2001:db8::7")] string address)
    {
        await using var gateway = await StartAsync(token: null, IPAddress.Parse(address));

        foreach (var endpoint in EndpointsOf(gateway))
        {
            var expected = Open.Contains(endpoint) ? HttpStatusCode.OK : HttpStatusCode.Forbidden;
            Assert.That(await AskAsync(gateway, endpoint), Is.EqualTo(expected), endpoint);
        }
    }

    [TestCase("gateway.attacker.example", HttpStatusCode.Forbidden)]
    [TestCase("localhost", HttpStatusCode.OK)]
    [TestCase("[::1]", HttpStatusCode.OK)]
    public async Task WithoutAToken_UnderANameOfAnotherSite_AdminCannotBeRead(string host, HttpStatusCode expected)
    {
        await using var gateway = await StartAsync(token: null);

        // A page of that site, whose name its owner has turned to 127.0.0.1, sends this.
        Assert.That(await AskAsync(gateway, "GET /admin/status", host: host), Is.EqualTo(expected));
    }

    [Test]
    public async Task Page_MayLoadNothingFromElsewhereAndIsNotKept()
    {
        await using var gateway = await StartAsync(token: null);
        using var response = await _client.GetAsync(gateway.Management);

        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.That(policy, Does.StartWith("default-src 'none'; script-src 'self'; ").And.Contain("frame-ancestors 'none'").And.Not.Contain("unsafe"));
        Assert.That(response.Headers.CacheControl!.NoStore, Is.True);
        Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("text/html; charset=utf-8"));
    }

    private static bool IsRead(string endpoint) => endpoint.StartsWith("GET ", StringComparison.Ordinal) || endpoint.StartsWith("HEAD ", StringComparison.Ordinal);

    /// <summary>Every method and path that the management port has.</summary>
    private static string[] EndpointsOf(GatewayFixture gateway) =>
    [
        .. from endpoint in gateway.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           where endpoint.Metadata.GetMetadata<GatewayPort>() is not null
           from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? AnyMethod
           select $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}",
    ];

    private static Task<GatewayFixture> StartAsync(string? token, IPAddress? from = null) => GatewayFixture.StartAsync(
        "http://127.0.0.1:1",
        new() { ["Gateway:Management:Token"] = token ?? "" },
        builder =>
        {
            if (from is not null)
            {
                builder.Services.AddSingleton<IStartupFilter>(new FromElsewhere(from));
            }
        });

    private async Task<HttpStatusCode> AskAsync(GatewayFixture gateway, string endpoint, string? token = null, string? host = null)
    {
        var parts = endpoint.Split(' ');
        using var request = new HttpRequestMessage(new HttpMethod(parts[0]), new Uri(gateway.Management, parts[1]));
        request.Headers.Host = host;
        if (token is not null)
        {
            request.Headers.Authorization = new("Bearer", token);
        }

        using var response = await _client.SendAsync(request).DefaultTimeout();
        return response.StatusCode;
    }

    /// <summary>Makes every connection look as if it came from another machine.</summary>
    private sealed class FromElsewhere(IPAddress address) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(inner => context =>
            {
                context.Connection.RemoteIpAddress = address;
                return inner(context);
            });
            next(app);
        };
    }
}
