using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Gateway.Protocol;
using Gateway.Proxy.Destinations;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Gateway.Tests.Functional.Upstream;

/// <summary>Instances that speak TLS with a private authority and want a certificate of the gateway.</summary>
[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SecureInstancesTests : IDisposable
{
    private const string Cluster = "ReverseProxy:Clusters:user:";
    private const string Path = "/service/user/get_user_info";

    private static readonly byte[] Alice = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new();
    private readonly SecretFolder _secret = new();
    private readonly ConcurrentQueue<string> _callers = new();
    private StubSubService? _service;
    private GatewayFixture? _gateway;

    public SecureInstancesTests() => _secret.Swap(Pair(_authority, "gateway"));

    [TearDown]
    public async Task StopAsync()
    {
        await (_gateway?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_service?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    public void Dispose()
    {
        _secret.Dispose();
        _authority.Dispose();
        _stranger.Dispose();
    }

    [TestCase("grpc")]
    [TestCase("http")]
    public async Task Call_WithCertificatesOnBothSides_IsAnswered(string protocol)
    {
        await StartAsync(protocol, _authority.IssueServer("sub"));

        Assert.That(await CallAsync(), Is.Empty);
        Assert.That(_callers, Is.All.EqualTo("CN=gateway"));
    }

    [Test]
    public async Task Call_InBrpcsOwnProtocol_TrustsTheAuthority()
    {
        await using var service = new BrpcSubService(_authority.IssueServer("sub"));
        _gateway = await GatewayFixture.StartAsync(service.Address, new(Metadata("user")) { [Cluster + "Metadata:Protocol"] = "brpc", ["ReverseProxy:Clusters:friend:Metadata:Protocol"] = "brpc" });
        _gateway.Sessions.Set("s-alice", "alice");

        Assert.That(await CallAsync(), Is.Empty);
        using var untrusting = await _gateway.PostAsync("/service/friend/get_friend_list", new GetFriendListReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray());
        Assert.That(GatewayFixture.ErrorCode(untrusting), Is.EqualTo("no-instance"));
        await _gateway.DisposeAsync();
    }

    [Test]
    public async Task Call_OfAnOrdinaryRoute_IsAnswered()
    {
        await StartAsync("http", _authority.IssueServer("sub"), more: new()
        {
            ["ReverseProxy:Routes:plain:ClusterId"] = "user",
            ["ReverseProxy:Routes:plain:Match:Path"] = "/plain",
        });

        using var response = await _gateway!.Client.GetAsync("/plain").DefaultTimeout();

        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        Assert.That(_callers, Is.EqualTo(new[] { "CN=gateway" }));
    }

    [TestCase("grpc", "GrpcHealth")]
    [TestCase("http", "ConsecutiveFailures")]
    public async Task Probe_IsAnswered(string protocol, string policy)
    {
        await StartAsync(protocol, _authority.IssueServer("sub"), more: new()
        {
            [Cluster + "HealthCheck:Active:Enabled"] = "true",
            [Cluster + "HealthCheck:Active:Policy"] = policy,
            [Cluster + "HealthCheck:Active:Interval"] = "00:00:00.050",
        });

        var cluster = _gateway!.Services.GetRequiredService<IProxyStateLookup>().GetClusters().Single(cluster => cluster.ClusterId == "user");
        await Eventually.That(() => cluster.DestinationsState.AllDestinations.Single().Health.Active == DestinationHealth.Healthy && !_callers.IsEmpty, "the probe is answered");
        Assert.That(_callers, Is.All.EqualTo("CN=gateway"));
    }

    [TestCase("grpc", "")]
    [TestCase("http", "")]
    [TestCase("grpc", "other.internal")]
    public async Task ServerName_OfTheCertificate_IsNeeded(string protocol, string name)
    {
        await StartAsync(protocol, _authority.IssueServer("sub", host: "user.internal"), more: new() { [Cluster + "Metadata:ServerName"] = name });

        Assert.That(await CallAsync(), Is.EqualTo("no-instance"));
        Assert.That(_service!.Calls, Is.Empty);
    }

    [TestCase("grpc")]
    [TestCase("http")]
    public async Task ServerName_AsInTheCertificate_IsAskedFor(string protocol)
    {
        string? asked = null;
        using var certificate = _authority.IssueServer("sub", host: "user.internal");
        await StartAsync(protocol, null, more: new() { [Cluster + "Metadata:ServerName"] = "user.internal" }, select: name =>
        {
            asked = name;
            return certificate;
        });

        Assert.That(await CallAsync(), Is.Empty);
        Assert.That(asked, Is.EqualTo("user.internal"));
    }

    [Test]
    public async Task Instance_OfAnotherAuthority_IsNotTrusted()
    {
        await StartAsync("grpc", _stranger.IssueServer("sub"));

        Assert.That(await CallAsync(), Is.EqualTo("no-instance"));
        Assert.That(_gateway!.Log.Named("CallFailed")[^1].Message, Does.Contain("certificate"));
    }

    [Test]
    public async Task Instance_WhoseCertificateHasExpired_IsNotTrusted()
    {
        await StartAsync("grpc", _authority.IssueServer("sub", TimeSpan.FromMinutes(-5)));

        Assert.That(await CallAsync(), Is.EqualTo("no-instance"));
    }

    [TestCase("grpc")]
    [TestCase("http")]
    public async Task Gateway_WithACertificateOfAnotherAuthority_IsNotLetIn(string protocol)
    {
        _secret.Swap(Pair(_stranger, "gateway"));
        await StartAsync(protocol, _authority.IssueServer("sub"));

        Assert.That(await CallAsync(), Is.AnyOf("no-instance", "sub-service-failed"));
        Assert.That(_service!.Calls, Is.Empty);
    }

    [Test]
    public async Task Files_RenewedUnderLoad_AreTakenOver_AndNoCallBreaks()
    {
        await StartAsync("http", _authority.IssueServer("sub"));
        _service!.OnCall = (context, _) =>
        {
            _callers.Enqueue(context.Connection.ClientCertificate!.Subject);
            // So there are new connections all the time.
            context.Response.Headers.Connection = "close";
            return AnswerHttpAsync(context);
        };
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var codes = new HashSet<string>();
            while (!stop.IsCancellationRequested)
            {
                codes.Add(await CallAsync());
            }

            return codes;
        })).ToArray();

        // A Secret changes all at once, or one file after the other.
        await Eventually.That(() => _callers.Contains("CN=gateway"));
        _secret.Swap(Pair(_authority, "second"));
        await Eventually.That(() => _callers.Contains("CN=second"), "new connections begin with the second certificate");
        var (certificate, key) = _authority.Issue("third");
        await File.WriteAllTextAsync(_secret.PathOf("tls.crt"), certificate);
        await File.WriteAllTextAsync(_secret.PathOf("tls.key"), key);
        await Eventually.That(() => _callers.Contains("CN=third"), "new connections begin with the third certificate");
        await stop.CancelAsync();

        Assert.That((await Task.WhenAll(load).DefaultTimeout()).SelectMany(codes => codes).Distinct(), Is.EqualTo(new[] { "" }));
        Assert.That(_gateway!.Log.Named("UpstreamCertificateReplaced"), Has.Count.GreaterThanOrEqualTo(2));
        Assert.That(_gateway.Log.Named("UpstreamCertificateRefused"), Is.Empty);
    }

    [Test]
    public async Task Files_SwappedForABrokenPair_LeaveTheOldOneInUse_AndThatIsSaid()
    {
        await StartAsync("http", _authority.IssueServer("sub"));
        _service!.OnCall = (context, _) =>
        {
            _callers.Enqueue(context.Connection.ClientCertificate!.Subject);
            context.Response.Headers.Connection = "close";
            return AnswerHttpAsync(context);
        };
        Assert.That(await CallAsync(), Is.Empty, "The first pair is in use");

        _secret.Swap(("tls.crt", _authority.Issue("second").Certificate), ("tls.key", _authority.Issue("third").Key));
        await Eventually.That(async () => (await DegradedAsync()).Any(), "the gateway is degraded");

        Assert.That(await CallAsync(), Is.Empty);
        Assert.That(_callers.Last(), Is.EqualTo("CN=gateway"));
        Assert.That((await DegradedAsync()).Single(), Does.StartWith("towards user the certificate '").And.EndsWith("; what was there before stays in use"));
        Assert.That((await TlsOfAsync("user")).GetProperty("problem").GetString(), Does.Contain(_secret.PathOf("tls.crt")));
        _secret.Swap(Pair(_authority, "fourth"));
        await Eventually.That(async () => await CallAsync() == "" && _callers.Last() == "CN=fourth", "the mended pair is shown");
        Assert.That(await DegradedAsync(), Is.Empty);
        Assert.That(_gateway!.Log.Named("UpstreamCertificateRefused"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Certificate_AboutToExpire_IsTold()
    {
        _secret.Swap(Pair(_authority, "gateway", TimeSpan.FromDays(13)));
        await StartAsync("grpc", _authority.IssueServer("sub"));

        await Eventually.That(() => _gateway!.Log.Named("UpstreamCertificateExpires").Count == 1, "the warning is logged");
        Assert.That((await DegradedAsync()).Single(), Does.StartWith("the certificate that the gateway shows to user expires at "));
    }

    [Test]
    public async Task Admin_ShowsHowInstancesAreSpokenTo()
    {
        await StartAsync("grpc", _authority.IssueServer("sub"), more: new() { [Cluster + "Metadata:ServerName"] = "localhost", ["ReverseProxy:Clusters:file:Destinations:etcd:Address"] = "http://127.0.0.1:1" });
        Assert.That(await CallAsync(), Is.Empty);

        var tls = await TlsOfAsync("user");

        Assert.That((tls.GetProperty("serverName").GetString(), tls.GetProperty("certificate").GetString()), Is.EqualTo(("localhost", "CN=gateway")));
        Assert.That(tls.GetProperty("certificateExpires").GetDateTimeOffset(), Is.GreaterThan(TimeProvider.System.GetUtcNow().AddDays(80)));
        Assert.That((await TlsOfAsync("friend")).ValueKind, Is.EqualTo(JsonValueKind.Object), "An https address is enough");
        Assert.That((await TlsOfAsync("file")).ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public async Task Clusters_ThatNameTheSameFiles_ShareThem()
    {
        await StartAsync("grpc", _authority.IssueServer("sub"), more: Metadata("friend"));
        Assert.That(await CallAsync(), Is.Empty, "The first pair is in use");

        _secret.Swap(Pair(_authority, "second"));

        await Eventually.That(() => _gateway!.Log.Named("UpstreamCertificateReplaced").Count == 1, "the change is told");
        Assert.That(_gateway!.Log.Named("UpstreamCertificateReplaced").Single().Message, Does.StartWith("New connections to friend, user begin with the changed certificate files"));
        Assert.That(_gateway.Services.GetRequiredService<UpstreamCertificates>().FindTroubles(), Is.Empty);
    }

    private static Task AnswerHttpAsync(HttpContext context)
    {
        context.Response.ContentType = "application/x-protobuf";
        return context.Response.Body.WriteAsync(new GetUserInfoRsp { RequestId = "r1", Success = true }.ToByteArray()).AsTask();
    }

    private static (string Name, string Text)[] Pair(TestAuthority authority, string name, TimeSpan? lifetime = null)
    {
        var (certificate, key) = authority.Issue(name, lifetime);
        return [("tls.crt", certificate), ("tls.key", key)];
    }

    private Dictionary<string, string?> Metadata(string cluster) => new()
    {
        [$"ReverseProxy:Clusters:{cluster}:Metadata:CertificateAuthorityFile"] = _authority.File,
        [$"ReverseProxy:Clusters:{cluster}:Metadata:CertificateFile"] = _secret.PathOf("tls.crt"),
        [$"ReverseProxy:Clusters:{cluster}:Metadata:KeyFile"] = _secret.PathOf("tls.key"),
    };

    private async Task StartAsync(string protocol, X509Certificate2? certificate, Dictionary<string, string?>? more = null, Func<string?, X509Certificate2>? select = null)
    {
        using var placeholder = _authority.IssueServer("placeholder");
        _service = await StubSubService.StartAsync(protocol == "http" ? HttpProtocols.Http1 : HttpProtocols.Http2, certificate: certificate ?? placeholder, tls: options =>
        {
            _authority.Require(options);
            if (select is not null)
            {
                options.ServerCertificate = null;
                options.ServerCertificateSelector = (_, name) => select(name);
            }
        });
        _service.OnCall = (context, call) =>
        {
            _callers.Enqueue(context.Connection.ClientCertificate!.Subject);
            return protocol == "http" ? AnswerHttpAsync(context)
                : call.Path.StartsWith("/grpc.health", StringComparison.Ordinal) ? StubSubService.AnswerAsync(context, [8, 1])
                : StubSubService.AnswerAsync(context, new GetUserInfoRsp { RequestId = "r1", Success = true }.ToByteArray());
        };
        var settings = Metadata("user").Concat(more ?? []).ToDictionary();
        settings[Cluster + "Metadata:Protocol"] = protocol;
        _gateway = await GatewayFixture.StartAsync(_service.Address, settings);
        _gateway.Sessions.Set("s-alice", "alice");
    }

    private async Task<string> CallAsync()
    {
        using var response = await _gateway!.PostAsync(Path, Alice).DefaultTimeout();
        return GatewayFixture.ErrorCode(response);
    }

    private async Task<IReadOnlyList<string>> DegradedAsync() =>
        [.. (await AskAsync("/readyz")).GetProperty("degraded").EnumerateArray().Select(reason => reason.GetString()!)];

    private async Task<JsonElement> TlsOfAsync(string cluster) =>
        (await AskAsync("/admin/clusters")).EnumerateArray().Single(shown => shown.GetProperty("cluster").GetString() == cluster).GetProperty("tls");

    private async Task<JsonElement> AskAsync(string path)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        return JsonDocument.Parse(await client.GetStringAsync(new Uri(_gateway!.Management, path)).DefaultTimeout()).RootElement;
    }
}
