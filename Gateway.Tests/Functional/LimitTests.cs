using System.Diagnostics.Metrics;
using Gateway.Protocol;
using Gateway.Proxy.Settings;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Functional;

/// <summary>What keeps one client, one user or one slow sub-service from taking everything.</summary>
[TestFixture]
internal sealed class LimitTests : GatewayTest
{
    private const string LoginRoute = "ReverseProxy:Routes:user-username-login";
    private const string UserInfoRoute = "ReverseProxy:Routes:user-get-user-info";

    /// <summary>So long that no token comes back during a test.</summary>
    private const string Window = "1.00:00:00";

    private static readonly byte[] Login = new UserLoginReq { RequestId = "r1" }.ToByteArray();
    private static readonly byte[] Bob = new GetUserInfoReq { RequestId = "r2", SessionId = "s-bob" }.ToByteArray();

    [Test]
    public async Task PerAddress_MoreThanPermitted_AreRefusedBeforeTheSubService()
    {
        await using var gateway = await StartGatewayAsync(Limit("login", 2));

        Assert.That(await CodesAsync(gateway, AnonymousPath, Login, 2), Is.All.Empty);
        using var refused = await gateway.PostAsync(AnonymousPath, Login);

        // The body has not been read by then.
        await AssertFailedAsync(refused, "rate-limited", requestId: "");
        Assert.That(refused.Headers.RetryAfter?.Delta, Is.GreaterThan(TimeSpan.Zero));
        Assert.That(Service.Calls, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task PerAddress_StatusModeHttp_Is429()
    {
        await using var gateway = await StartGatewayAsync(Limit("login", 1, ("Gateway:Errors:StatusMode", "Http")));
        (await gateway.PostAsync(AnonymousPath, Login)).Dispose();

        using var refused = await gateway.PostAsync(AnonymousPath, Login);

        Assert.That((int)refused.StatusCode, Is.EqualTo(429));
        Assert.That(GatewayFixture.ErrorCode(refused), Is.EqualTo("rate-limited"));
    }

    [Test]
    public async Task PerAddress_AnotherRouteOfAnotherPolicy_IsNotAffected()
    {
        await using var gateway = await StartGatewayAsync(Limit("login", 1));

        Assert.That(await CodesAsync(gateway, AnonymousPath, Login, 2), Is.EqualTo(new[] { "", "rate-limited" }));
        Assert.That(await CodesAsync(gateway, "/service/user/username_register", Login, 2), Is.All.Empty);
    }

    [Test]
    public async Task PerUser_CountsTheUserOfTheSession()
    {
        await using var gateway = await StartGatewayAsync(Limit("info", 1, ("Gateway:RateLimits:info:Per", "User"), ($"{UserInfoRoute}:RateLimiterPolicy", "info")));
        gateway.Sessions.Set("s-bob", "bob");
        gateway.Sessions.Set("s-alice-2", "alice");

        Assert.That(await CodesAsync(gateway, GetUserInfoPath, Alice.ToByteArray(), 1), Is.All.Empty);
        using var refused = await gateway.PostAsync(GetUserInfoPath, new GetUserInfoReq { RequestId = "r3", SessionId = "s-alice-2" }.ToByteArray());
        await AssertFailedAsync(refused, "rate-limited", "r3");
        Assert.That(await CodesAsync(gateway, GetUserInfoPath, Bob, 2), Is.EqualTo(new[] { "", "rate-limited" }));
        Assert.That(Service.Calls, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Global_CountsEverybody()
    {
        await using var gateway = await StartGatewayAsync(Limit("info", 1, ("Gateway:RateLimits:info:Per", "Global"), ($"{UserInfoRoute}:RateLimiterPolicy", "info")));
        gateway.Sessions.Set("s-bob", "bob");

        Assert.That(await CodesAsync(gateway, GetUserInfoPath, Alice.ToByteArray(), 1), Is.All.Empty);
        Assert.That(await CodesAsync(gateway, GetUserInfoPath, Bob, 1), Is.All.EqualTo("rate-limited"));
    }

    [Test]
    public async Task OrdinaryRoute_MoreThanPermitted_Is429()
    {
        await using var gateway = await StartGatewayAsync(Limit(
            "login", 1,
            ("ReverseProxy:Routes:plain:ClusterId", "user"),
            ("ReverseProxy:Routes:plain:Match:Path", "/plain"),
            ("ReverseProxy:Routes:plain:RateLimiterPolicy", "login")));
        (await gateway.Client.GetAsync("/plain")).Dispose();

        using var refused = await gateway.Client.GetAsync("/plain");

        Assert.That((int)refused.StatusCode, Is.EqualTo(429));
        Assert.That(refused.Headers.RetryAfter, Is.Not.Null);
    }

    [TestCase(LoginRoute, AnonymousPath, "Address")]
    [TestCase(UserInfoRoute, GetUserInfoPath, "User")]
    public async Task Waiting_DeadlineEnds_ReadsTimedOut(string route, string path, string per)
    {
        await using var gateway = await StartWaitingAsync(route, per);
        (await gateway.PostAsync(path, Alice.ToByteArray())).Dispose();

        using var late = await gateway.PostAsync(path, Alice.ToByteArray()).DefaultTimeout();

        Assert.That(GatewayFixture.ErrorCode(late), Is.EqualTo("timed-out"));
        Assert.That(Service.Calls, Has.Count.EqualTo(1));
    }

    [TestCase(LoginRoute, AnonymousPath, "Address")]
    [TestCase(UserInfoRoute, GetUserInfoPath, "User")]
    public async Task Waiting_ClientLeaves_CountsAsGone(string route, string path, string per)
    {
        await using var gateway = await StartWaitingAsync(route, per, timeout: "00:01:00");
        (await gateway.PostAsync(path, Alice.ToByteArray())).Dispose();

        var waiting = new TaskCompletionSource();
        var metrics = gateway.Services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "gateway.rate_limit.waiting" && instrument.Meter.Scope == metrics)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => waiting.TrySetResult());
        listener.Start();
        using (var leaving = await RawClient.ConnectAsync(gateway.Address))
        {
            await leaving.PostAsync(path, Alice.ToByteArray());
            await waiting.Task.DefaultTimeout();
        }

        await Eventually.That(() => gateway.Log.Named("CallEnded").Count == 2);
        Assert.That(gateway.Log.Named("CallEnded")[1].Message, Does.Contain(" client-gone "));
        Assert.That(gateway.Log.Named("CallFailed"), Is.Empty);
    }

    [Test]
    public async Task Waiting_OrdinaryRoute_DeadlineEnds_Is504()
    {
        await using var gateway = await StartGatewayAsync(Limit(
            "login", 1,
            ("Gateway:RateLimits:login:QueueLimit", "5"),
            ("ReverseProxy:Routes:plain:ClusterId", "user"),
            ("ReverseProxy:Routes:plain:Match:Path", "/plain"),
            ("ReverseProxy:Routes:plain:Timeout", "00:00:00.300"),
            ("ReverseProxy:Routes:plain:RateLimiterPolicy", "login")));
        (await gateway.Client.GetAsync("/plain")).Dispose();

        using var late = await gateway.Client.GetAsync("/plain").DefaultTimeout();

        Assert.That((int)late.StatusCode, Is.EqualTo(504));
    }

    private Task<GatewayFixture> StartWaitingAsync(string route, string per, string timeout = "00:00:00.300") => StartGatewayAsync(Limit(
        "login", 1,
        ("Gateway:RateLimits:login:QueueLimit", "5"),
        ("Gateway:RateLimits:login:Per", per),
        ("Gateway:AccessLog:Enabled", "true"),
        ($"{route}:RateLimiterPolicy", "login"),
        ($"{route}:Timeout", timeout)));

    [Test]
    public async Task Route_NamesAnUnknownPolicy_IsRefused()
    {
        var refused = (await Assert.ThrowsAsync<ConfigurationRefusedException>(() => StartGatewayAsync(new() { [$"{LoginRoute}:RateLimiterPolicy"] = "lgoin" })))!;

        Assert.That(refused.Errors.Single(), Does.StartWith("RateLimiter policy 'lgoin' not found for route 'user-username-login' ("));
    }

    [Test]
    public async Task KnownProxy_SaysWhoTheClientIs()
    {
        await using var gateway = await StartGatewayAsync(Limit("login", 1, ("Gateway:ForwardedHeaders:KnownProxies:0", "127.0.0.1")));

        Assert.That(await CodeFromAsync(gateway, "203.0.113.1"), Is.Empty);
        Assert.That(await CodeFromAsync(gateway, "203.0.113.2"), Is.Empty);
        Assert.That(await CodeFromAsync(gateway, "203.0.113.1"), Is.EqualTo("rate-limited"));
        Assert.That(await CodeFromAsync(gateway, "198.51.100.9, 203.0.113.2"), Is.EqualTo("rate-limited"), "What stands before the address the proxy saw is the client's claim");
    }

    [Test]
    public async Task UnknownProxy_IsNotBelieved()
    {
        await using var gateway = await StartGatewayAsync(Limit("login", 1));

        Assert.That(await CodeFromAsync(gateway, "203.0.113.1"), Is.Empty);
        Assert.That(await CodeFromAsync(gateway, "203.0.113.2"), Is.EqualTo("rate-limited"));
    }

    [Test]
    [Servers]
    public async Task Shared_TwoGateways_CountTogether()
    {
        await using var redis = await RedisProcess.CreateAsync();
        var settings = Shared(redis, 3);
        await using var one = await StartGatewayAsync(settings);
        await using var other = await StartGatewayAsync(settings);

        var codes = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            codes.AddRange(await CodesAsync(one, AnonymousPath, Login, 1));
            codes.AddRange(await CodesAsync(other, AnonymousPath, Login, 1));
        }

        Assert.That(codes, Is.EqualTo(new[] { "", "", "", "rate-limited" }));
        using var refused = await one.PostAsync(AnonymousPath, Login);
        Assert.That(refused.Headers.RetryAfter?.Delta, Is.GreaterThan(TimeSpan.Zero));
        await using var users = await redis.ConnectAsync();
        Assert.That((await users.GetDatabase().KeyTimeToLiveAsync("gateway:limit:login:127.0.0.1"))!.Value, Is.LessThanOrEqualTo(TimeSpan.FromDays(1)));
    }

    [TestCase("Allow", "")]
    [TestCase("Refuse", "rate-limited")]
    [Servers]
    public async Task Shared_RedisIsAway_DoesAsThePolicySays(string effect, string code)
    {
        await using var redis = await RedisProcess.CreateAsync();
        var settings = Shared(redis, 1);
        settings["Gateway:RateLimits:login:WhenRedisFails"] = effect;
        await redis.KillAsync();
        await using var gateway = await StartGatewayAsync(settings);

        Assert.That(await CodesAsync(gateway, AnonymousPath, Login, 3), Is.All.EqualTo(code));
        Assert.That(gateway.Log.Named("SharedLimitDown"), Is.Not.Empty);
    }

    [Test]
    [Servers]
    public async Task Shared_PoliciesOfOneAddress_CountApart()
    {
        await using var redis = await RedisProcess.CreateAsync();
        await using var gateway = await StartGatewayAsync(new(Shared(redis, permit: 1))
        {
            ["Gateway:RateLimits:register:Permit"] = "1",
            ["Gateway:RateLimits:register:Window"] = Window,
            ["Gateway:RateLimits:register:Shared"] = "true",
        });

        Assert.That(await CodesAsync(gateway, AnonymousPath, Login, 1), Is.All.Empty);
        Assert.That(await CodesAsync(gateway, "/service/user/username_register", Login, 2), Is.EqualTo(new[] { "", "rate-limited" }));
        Assert.That(await CodesAsync(gateway, AnonymousPath, Login, 1), Is.EqualTo(new[] { "rate-limited" }));
    }

    [Test]
    public async Task ClusterCap_OneMoreThanItMayHave_IsRefusedAtOnce()
    {
        await using var gateway = await StartGatewayAsync(new() { ["ReverseProxy:Clusters:user:Metadata:MaxConcurrentRequests"] = "1" });
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Service.OnCall = async (context, _) =>
        {
            await release.Task;
            await StubSubService.AnswerAsync(context, []);
        };
        var first = gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray());
        await Eventually.That(() => Service.Calls.Count == 1);

        using var refused = await gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray());
        await AssertFailedAsync(refused, "overloaded");
        Assert.That(Service.Calls, Has.Count.EqualTo(1));

        release.SetResult();
        (await first.DefaultTimeout()).Dispose();
        Service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true });
        Assert.That(await CodesAsync(gateway, GetUserInfoPath, Alice.ToByteArray(), 1), Is.All.Empty, "The place is free again");
    }

    [Test]
    public async Task ClusterCap_WhoseClientLeaves_IsFreeAgain()
    {
        await using var gateway = await StartGatewayAsync(new() { ["ReverseProxy:Clusters:user:Metadata:MaxConcurrentRequests"] = "1" });
        Service.Hold();
        using (var client = await RawClient.ConnectAsync(gateway.Address))
        {
            await client.PostAsync(GetUserInfoPath, Alice.ToByteArray());
            await Eventually.That(() => Service.OpenCalls == 1);
        }

        await Eventually.That(() => Service.OpenCalls == 0);
        Service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true });

        await Eventually.That(async () => (await CodesAsync(gateway, GetUserInfoPath, Alice.ToByteArray(), 1)).Single().Length == 0, "The place is free again");
    }

    [Test]
    public async Task ClusterCap_Reached_LeavesOtherClustersAlone()
    {
        await using var gateway = await StartGatewayAsync(new()
        {
            ["ReverseProxy:Clusters:user:Metadata:MaxConcurrentRequests"] = "1",
            ["ReverseProxy:Clusters:friend:Metadata:MaxConcurrentRequests"] = "1",
        });
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Service.OnCall = async (context, call) =>
        {
            await (call.Path.Contains("UserService", StringComparison.Ordinal) ? release.Task : Task.CompletedTask);
            await StubSubService.AnswerAsync(context, []);
        };
        var first = gateway.PostAsync(GetUserInfoPath, Alice.ToByteArray());
        await Eventually.That(() => Service.Calls.Count == 1);

        var friends = new GetFriendListReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();
        Assert.That(await CodesAsync(gateway, "/service/friend/get_friend_list", friends, 2), Is.All.Empty);

        release.SetResult();
        (await first.DefaultTimeout()).Dispose();
    }

    [Test]
    public async Task ClusterCap_NoNumber_IsRefused()
    {
        var refused = (await Assert.ThrowsAsync<ConfigurationRefusedException>(() => StartGatewayAsync(new() { ["ReverseProxy:Clusters:user:Metadata:MaxConcurrentRequests"] = "many" })))!;

        Assert.That(refused.Errors.Single(), Does.StartWith("Cluster 'user': metadata 'MaxConcurrentRequests' is 'many'; use a number from 1 on, or leave it out ("));
    }

    [Test]
    public async Task Connections_MoreThanAllowed_AreClosed()
    {
        await using var gateway = await StartGatewayAsync(new() { ["Gateway:Limits:MaxConnections"] = "1" });
        using var first = await RawClient.ConnectAsync(gateway.Address);
        await first.PostAsync(AnonymousPath, Login);
        await first.ReadAsync();

        using var second = await RawClient.ConnectAsync(gateway.Address);

        Assert.That(await second.IsClosedAsync(), Is.True);
        using var health = await gateway.Client.GetAsync(new Uri(gateway.Management, "/livez"));
        Assert.That((int)health.StatusCode, Is.EqualTo(200), "Each port counts for itself, so a full one does not look dead");
    }

    [Test]
    public async Task ServerLimits_AreThoseOfTheSettings()
    {
        await using var gateway = await StartGatewayAsync(new()
        {
            ["Gateway:Limits:MaxUpgradedConnections"] = "7",
            ["Gateway:Limits:RequestHeadersTimeout"] = "00:00:03",
            ["Gateway:Limits:MaxRequestHeadersSize"] = "2048",
            ["Gateway:Limits:KeepAliveTimeout"] = "00:00:09",
            ["Gateway:Limits:MinDataRate"] = "0",
        });

        var limits = gateway.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;

        Assert.That(
            (limits.MaxConcurrentUpgradedConnections, limits.RequestHeadersTimeout, limits.MaxRequestHeadersTotalSize, limits.KeepAliveTimeout, limits.MinRequestBodyDataRate),
            Is.EqualTo((7, TimeSpan.FromSeconds(3), 2048, TimeSpan.FromSeconds(9), (MinDataRate?)null)));
    }

    private static Dictionary<string, string?> Limit(string name, int permit, params (string Name, string Value)[] more)
    {
        var settings = new Dictionary<string, string?> { [$"Gateway:RateLimits:{name}:Permit"] = $"{permit}", [$"Gateway:RateLimits:{name}:Window"] = Window };
        foreach (var (setting, value) in more)
        {
            settings[setting] = value;
        }

        return settings;
    }

    private static Dictionary<string, string?> Shared(RedisProcess redis, int permit) => Limit(
        "login", permit,
        ("Gateway:RateLimits:login:Shared", "true"),
        ("Gateway:Sessions:LookupTimeout", "00:00:05"),
        ("Gateway:Redis:Configuration", redis.Configuration));

    private static async Task<List<string>> CodesAsync(GatewayFixture gateway, string path, byte[] body, int count)
    {
        var codes = new List<string>();
        for (var i = 0; i < count; i++)
        {
            using var response = await gateway.PostAsync(path, body);
            codes.Add(GatewayFixture.ErrorCode(response));
        }

        return codes;
    }

    private static async Task<string> CodeFromAsync(GatewayFixture gateway, string forwardedFor)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, AnonymousPath) { Content = new ByteArrayContent(Login) };
        request.Headers.Add("X-Forwarded-For", forwardedFor);
        using var response = await gateway.Client.SendAsync(request);
        return GatewayFixture.ErrorCode(response);
    }
}
