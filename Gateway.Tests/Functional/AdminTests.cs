using System.Net;
using System.Text.Json;
using Gateway.Tests.Proxy.Hosting;
using Gateway.Tests.Support;

namespace Gateway.Tests.Functional;

/// <summary>Looking at the gateway and steering it, at the management port.</summary>
[TestFixture]
internal sealed class AdminTests : GatewayTest
{
    private const string Token = "a-token-of-some-length";

    protected override Dictionary<string, string?> Settings => new() { ["Gateway:Management:Token"] = Token };

    [Test]
    public async Task Routes_AreThoseInForce()
    {
        var routes = await GetAsync(Gateway, "/admin/routes");

        Assert.That(routes.GetArrayLength(), Is.EqualTo(28));
        var login = routes.EnumerateArray().Single(route => route.GetProperty("route").GetString() == "user-username-login");
        Assert.That(login.GetProperty("path").GetString(), Is.EqualTo(AnonymousPath));
        Assert.That(login.GetProperty("cluster").GetString(), Is.EqualTo("user"));
        Assert.That(login.GetProperty("rpc").GetString(), Is.EqualTo("bite_im.UserService/UserLogin"));
        Assert.That(login.GetProperty("rateLimit").GetString(), Is.EqualTo("login"));
    }

    [Test]
    [Servers]
    public async Task Clusters_SayWhereADestinationComesFrom()
    {
        await using var etcd = await EtcdProcess.CreateAsync();
        await etcd.PutAsync("/service/friend_service/i1", "127.0.0.1:81");
        await using var gateway = await StartGatewayAsync(new()
        {
            ["Gateway:Management:Token"] = Token,
            ["Gateway:Etcd:Endpoints"] = etcd.Endpoint,
            ["ReverseProxy:Clusters:friend:Destinations:etcd:Address"] = "etcd:///service/friend_service",
        });

        await Eventually.That(async () => Destinations(await GetAsync(gateway, "/admin/clusters"), "friend").GetArrayLength() == 1);
        var clusters = await GetAsync(gateway, "/admin/clusters");

        var registered = Destinations(clusters, "friend")[0];
        Assert.That(registered.GetProperty("origin").GetString(), Is.EqualTo("/service/friend_service/i1"));
        Assert.That(registered.GetProperty("address").GetString(), Is.EqualTo("http://127.0.0.1:81"));
        var written = Destinations(clusters, "user")[0];
        Assert.That(written.GetProperty("origin").GetString(), Is.EqualTo("settings of the host program"));
        Assert.That((written.GetProperty("state").GetString(), written.GetProperty("inUse").GetBoolean()), Is.EqualTo(("available", true)));
    }

    [Test]
    public async Task Drain_ADestination_GetsNoRequestsUntilItIsPutBack()
    {
        using var drained = await SendAsync(Gateway, HttpMethod.Post, "/admin/drain?cluster=user&destination=etcd", Token);
        Assert.That(drained.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        using (var refused = await PostAsync(GetUserInfoPath, Alice))
        {
            await AssertRefusedAsync(refused, "no-instance");
        }

        var shown = Destinations(await GetAsync(Gateway, "/admin/clusters"), "user")[0];
        Assert.That((shown.GetProperty("state").GetString(), shown.GetProperty("inUse").GetBoolean()), Is.EqualTo(("drained", false)));

        using var back = await SendAsync(Gateway, HttpMethod.Post, "/admin/undrain?cluster=user&destination=etcd", Token);
        Assert.That(back.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        (await PostAsync(GetUserInfoPath, Alice)).Dispose();
        Assert.That(Service.Calls, Has.Count.EqualTo(1));
        Assert.That(Gateway.Log.Named("DestinationDrained").Concat(Gateway.Log.Named("DestinationUndrained")).Count(), Is.EqualTo(2));
    }

    [Test]
    public async Task Drain_InOtherLetters_MeansTheSameDestination()
    {
        using var drained = await SendAsync(Gateway, HttpMethod.Post, "/admin/drain?cluster=FILE&destination=ETCD", Token);

        Assert.That((await ParseAsync(drained)).ToString(), Is.EqualTo("""{"cluster":"file","destination":"etcd","drained":true}"""));
        Assert.That(Destinations(await GetAsync(Gateway, "/admin/clusters"), "file")[0].GetProperty("state").GetString(), Is.EqualTo("drained"));
    }

    [TestCase("cluster=nobody&destination=etcd", "Cluster 'nobody' has no destination 'etcd'; /admin/clusters lists them.")]
    [TestCase("cluster=user&destination=x", "Cluster 'user' has no destination 'x'; /admin/clusters lists them.")]
    public async Task Drain_AnUnknownDestination_SaysSo(string query, string error)
    {
        using var response = await SendAsync(Gateway, HttpMethod.Post, $"/admin/drain?{query}", Token);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That((await ParseAsync(response)).GetProperty("error").GetString(), Is.EqualTo(error));
    }

    [Test]
    public async Task Validate_AGoodFile_IsValid()
    {
        using var response = await SendAsync(
            Gateway, HttpMethod.Post, "/admin/validate", Token, await File.ReadAllBytesAsync(Path.Combine(RepositoryFolder.Path, "yarp.json")));

        Assert.That((await ParseAsync(response)).GetProperty("valid").GetBoolean(), Is.True);
    }

    [Test]
    public async Task Validate_ABadFile_NamesTheMistakes()
    {
        using var response = await SendAsync(Gateway, HttpMethod.Post, "/admin/validate", Token, "{ \"ReverseProxy\": { \"Routes\": {} } }"u8.ToArray());

        var answer = await ParseAsync(response);
        Assert.That(answer.GetProperty("valid").GetBoolean(), Is.False);
        Assert.That(answer.GetProperty("errors")[0].GetString(), Is.EqualTo("Section 'ReverseProxy' has no routes; list them under 'ReverseProxy:Routes'."));
    }

    [Test]
    public async Task Validate_UnreadableValues_AreNamedWithTheOtherMistakes()
    {
        using var response = await SendAsync(Gateway, HttpMethod.Post, "/admin/validate", Token, """
            {
              "Gateway": { "Rpc": { "DefaultTimeout": "soon" } },
              "ReverseProxy": { "Routes": { "r": { "ClusterId": "c", "Timeout": "five", "Match": { "Path": "/r" } } } }
            }
            """u8.ToArray());

        var errors = (await ParseAsync(response)).GetProperty("errors").EnumerateArray().Select(error => error.GetString()).ToArray();
        Assert.That(errors, Has.Length.EqualTo(3));
        Assert.That(errors[0], Is.EqualTo("Route 'r': Timeout is 'five' (posted); use a time written as hours:minutes:seconds, as '00:00:05', or '1.00:00:00' for a day."));
        Assert.That(errors[1], Is.EqualTo("Gateway:Rpc:DefaultTimeout is 'soon' (posted); use a time written as hours:minutes:seconds, as '00:00:05', or '1.00:00:00' for a day."));
        Assert.That(errors[2], Does.StartWith("Route 'r': ClusterId is 'c', which is no cluster; use one of ").And.EndsWith(" (posted)."));
    }

    [Test]
    public async Task Validate_NoJson_SaysWhere()
    {
        using var response = await SendAsync(Gateway, HttpMethod.Post, "/admin/validate", Token, "{ nothing"u8.ToArray());

        Assert.That((await ParseAsync(response)).GetProperty("errors")[0].GetString(), Does.StartWith("The routes file posted cannot be read: line 1, byte "));
    }

    [Test]
    public async Task Validate_Nothing_IsRefused()
    {
        using var response = await SendAsync(Gateway, HttpMethod.Post, "/admin/validate", Token, []);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [Test]
    public async Task Token_MissingOrWrong_IsRefused(
        [Values(null, "", "wrong", "a-token-of-some-lengtH")] string? token, [Values("GET /admin/routes", "POST /admin/drain?cluster=user&destination=etcd")] string request)
    {
        var parts = request.Split(' ');
        using var response = await SendAsync(Gateway, new HttpMethod(parts[0]), parts[1], token);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(response.Headers.WwwAuthenticate.Single().Scheme, Is.EqualTo("Bearer"));
    }

    [Test]
    public async Task Token_InAFile_Counts()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Token + "\n");
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Management:TokenFile"] = file });
        File.Delete(file);

        using var response = await SendAsync(gateway, HttpMethod.Get, "/admin/routes", Token);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task NoToken_FromThisMachine_MayLookAndNotChange()
    {
        await using var gateway = await StartGatewayAsync([]);

        using var look = await SendAsync(gateway, HttpMethod.Get, "/admin/clusters", null);
        using var change = await SendAsync(gateway, HttpMethod.Post, "/admin/drain?cluster=user&destination=etcd", null);

        Assert.That((look.StatusCode, change.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.Forbidden)));
        Assert.That((await ParseAsync(change)).GetProperty("error").GetString(), Is.EqualTo("Set Gateway:Management:Token or :TokenFile to allow this."));
    }

    [Test]
    public async Task Admin_IsOnNoOtherPort()
    {
        using var response = await Gateway.Client.GetAsync("/admin/routes");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    private static JsonElement Destinations(JsonElement clusters, string cluster) =>
        clusters.EnumerateArray().Single(entry => entry.GetProperty("cluster").GetString() == cluster).GetProperty("destinations");

    private static async Task<JsonElement> GetAsync(GatewayFixture gateway, string path)
    {
        using var response = await SendAsync(gateway, HttpMethod.Get, path, Token);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return await ParseAsync(response);
    }

    private static async Task<JsonElement> ParseAsync(HttpResponseMessage response) => JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

    private static async Task<HttpResponseMessage> SendAsync(GatewayFixture gateway, HttpMethod method, string path, string? token, byte[]? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(gateway.Management, path)) { Content = body is null ? null : new ByteArrayContent(body) };
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        return await gateway.Client.SendAsync(request).DefaultTimeout();
    }
}
