using System.Text.RegularExpressions;
using Gateway.Protocol;
using Gateway.Proxy.Settings;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>Rate limits that count by a field of the request, beside those by address.</summary>
[TestFixture]
internal sealed partial class FieldLimitTests : GatewayTest
{
    private const string CodePath = "/service/user/get_phone_verify_code";
    private const string RegisterPath = "/service/user/username_register";
    private const string Window = "1.00:00:00";

    [Test]
    public async Task SmsCodes_OfOneNumber_AreFiveInTenMinutes()
    {
        Assert.That(await CodesAsync(Gateway, "13800138000", 6), Is.EqualTo(new[] { "", "", "", "", "", "rate-limited" }));
        using var refused = await PostAsync(CodePath, Code("13800138000"));

        await AssertFailedAsync(refused, "rate-limited");
        Assert.That(refused.Headers.RetryAfter?.Delta, Is.InRange(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2)));
        Assert.That(await CodesAsync(Gateway, "13800138001", 1), Is.All.Empty, "Another number");
        Assert.That(Service.Calls, Has.Count.EqualTo(6));
        Assert.That(Gateway.Log.Entries.Select(entry => entry.Message), Has.None.Contains("13800138000"));
    }

    [Test]
    public async Task SmsCodes_LimitByAddress_HoldsBesides()
    {
        await using var gateway = await StartGatewayAsync(Limit("sms-code", 3));

        Assert.That(await CodesAsync(gateway, "1", 2), Is.All.Empty);
        Assert.That(await CodesAsync(gateway, "2", 2), Is.EqualTo(new[] { "", "rate-limited" }));
    }

    [TestCase(" 1 38\t00138000")]
    [TestCase("13800138000\n")]
    public async Task SpacesInAValue_AreNoWayAround(string spelling)
    {
        await using var gateway = await StartGatewayAsync(Limit("sms-number", 1));

        Assert.That(await CodesAsync(gateway, "13800138000", 1), Is.All.Empty);
        Assert.That(await CodesAsync(gateway, spelling, 1), Is.All.EqualTo("rate-limited"));
    }

    [Test]
    public async Task FieldTwice_TheLastCounts_AsForTheSubService()
    {
        await using var gateway = await StartGatewayAsync(Limit("sms-number", 1));
        byte[] disguised = [.. Code("1").ToByteArray(), .. new PhoneVerifyCodeReq { PhoneNumber = "2" }.ToByteArray()];

        Assert.That(await CodeAsync(gateway, CodePath, disguised), Is.Empty);
        Assert.That(await CodesAsync(gateway, "1", 1), Is.All.Empty);
        Assert.That(await CodesAsync(gateway, "2", 1), Is.All.EqualTo("rate-limited"));
    }

    [Test]
    public async Task FieldMissing_CountsByAddress()
    {
        await using var gateway = await StartGatewayAsync(Limit("sms-number", 1, ("Gateway:ForwardedHeaders:KnownProxies:0", "127.0.0.1")));

        Assert.That(await CodesAsync(gateway, "", 2), Is.EqualTo(new[] { "", "rate-limited" }));
        Assert.That(await CodesAsync(gateway, "1", 1), Is.All.Empty, "A value");
        Assert.That(await CodeAsync(gateway, CodePath, Code("").ToByteArray(), "203.0.113.1"), Is.Empty, "Another address");
    }

    [Test]
    public async Task FieldBehindALargeValue_IsRead()
    {
        await using var gateway = await StartGatewayAsync(Limit(
            "name", 1, ("Gateway:RateLimits:name:Per", "Field"), ("Gateway:RateLimits:name:Field", "nickname"), ("ReverseProxy:Routes:user-username-register:Metadata:RateLimits", "name")));

        Assert.That(await CodeAsync(gateway, RegisterPath, Large("bob")), Is.Empty);
        Assert.That(await CodeAsync(gateway, RegisterPath, Large("Bob")), Is.EqualTo("rate-limited"));
        Assert.That(await CodeAsync(gateway, RegisterPath, Large("carol")), Is.Empty);
    }

    [Test]
    [Servers]
    public async Task Shared_TwoGateways_CountTogether_AndNoKeyShowsTheNumber()
    {
        await using var redis = await RedisProcess.CreateAsync();
        var settings = Limit(
            "sms-number", 2, ("Gateway:RateLimits:sms-number:Shared", "true"), ("Gateway:Sessions:LookupTimeout", "00:00:05"), ("Gateway:Redis:Configuration", redis.Configuration));
        await using var one = await StartGatewayAsync(settings);
        await using var other = await StartGatewayAsync(settings);

        Assert.That(await CodesAsync(one, "13800138000", 1), Is.All.Empty);
        Assert.That(await CodesAsync(other, "13800138000", 2), Is.EqualTo(new[] { "", "rate-limited" }));
        Assert.That(await CodesAsync(one, "13800138000", 1), Is.All.EqualTo("rate-limited"));

        await using var users = await redis.ConnectAsync();
        var keys = users.GetServers().Single().Keys(pattern: "gateway:limit:*").Select(key => key.ToString()).ToArray();
        Assert.That(keys, Has.Length.EqualTo(1).And.All.Match("^gateway:limit:sms-number:[0-9a-f]{5}$"));
        Assert.That(await users.GetDatabase().KeyTimeToLiveAsync(keys[0]), Is.Not.Null);
    }

    [Test]
    public async Task Mistakes_AreNamedWithRouteAndMessage()
    {
        var refused = (await Assert.ThrowsAsync<ConfigurationRefusedException>(() => StartGatewayAsync(Limit(
            "name", 1,
            ("Gateway:RateLimits:name:Per", "Field"),
            ("Gateway:RateLimits:name:Field", "nick_name"),
            ("ReverseProxy:Routes:user-username-register:RateLimiterPolicy", "name"),
            ("ReverseProxy:Routes:user-username-login:Metadata:RateLimits", "names, sms-code"),
            ("ReverseProxy:Routes:friend-get-friend-list:Metadata:RateLimits", "sms-number"),
            ("ReverseProxy:Routes:plain:ClusterId", "user"),
            ("ReverseProxy:Routes:plain:Match:Path", "/plain"),
            ("ReverseProxy:Routes:plain:Metadata:RateLimits", "sms-number")))))!;

        // Each says its place at the end.
        Assert.That(refused.Errors.Select(error => PlaceAtEnd().Replace(error, ".")), Is.EquivalentTo(new[]
        {
            "Route 'user-username-register': the rate limit 'name' counts by the field 'nick_name', but UserRegisterReq has no field 'nick_name'; did you mean 'nickname'? It has request_id, nickname, password, verify_code_id, verify_code.",
            "Route 'user-username-login': metadata 'RateLimits' names 'names', which is no rate limit; use one of 'login', 'name', 'register', 'sms-code', 'sms-number'.",
            "Route 'friend-get-friend-list': the rate limit 'sms-number' counts by the field 'phone_number', but GetFriendListReq has no field 'phone_number'; it has request_id, user_id, session_id.",
            "Route 'plain': the rate limit 'sms-number' counts by the field 'phone_number', which a route without the transform 'Rpc' does not read; use a limit by address there.",
        }));
    }

    private static PhoneVerifyCodeReq Code(string number) => new() { RequestId = "r1", PhoneNumber = number };

    /// <summary>A request in which the name comes behind a large value that the message does not know.</summary>
    private static byte[] Large(string nickname)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(15, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(new byte[300_000]));
        }

        stream.Write(new UserRegisterReq { RequestId = "r1", Nickname = nickname }.ToByteArray());
        return stream.ToArray();
    }

    private static Dictionary<string, string?> Limit(string name, int permit, params (string Name, string Value)[] more)
    {
        var settings = more.ToDictionary(setting => setting.Name, setting => (string?)setting.Value);
        settings[$"Gateway:RateLimits:{name}:Permit"] = $"{permit}";
        settings[$"Gateway:RateLimits:{name}:Window"] = Window;
        return settings;
    }

    private static async Task<List<string>> CodesAsync(GatewayFixture gateway, string number, int count)
    {
        var codes = new List<string>();
        for (var i = 0; i < count; i++)
        {
            codes.Add(await CodeAsync(gateway, CodePath, Code(number).ToByteArray()));
        }

        return codes;
    }

    private static async Task<string> CodeAsync(GatewayFixture gateway, string path, byte[] body, string? forwardedFor = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        if (forwardedFor is not null)
        {
            request.Headers.Add("X-Forwarded-For", forwardedFor);
        }

        using var response = await gateway.Client.SendAsync(request).DefaultTimeout();
        return GatewayFixture.ErrorCode(response);
    }

    [GeneratedRegex(@" \([^()]*settings of the host program\)\.$")]
    private static partial Regex PlaceAtEnd();
}
