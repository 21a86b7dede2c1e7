using System.Net;
using System.Net.Sockets;
using Gateway.Proxy;
using Gateway.Proxy.Hosting;
using Gateway.Proxy.Settings;
using Gateway.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Functional;

/// <summary>What an operator reads when the gateway does not start.</summary>
[TestFixture]
internal sealed class StartFailureTests
{
    [Test]
    public void Build_MistakesInTheRoutes_NamesThemAll()
    {
        var refused = Assert.Throws<ConfigurationRefusedException>(() => Build(new()
        {
            ["ReverseProxy:Routes:user-get-user-info:ClusterId"] = "nobody",
            ["ReverseProxy:Routes:user-set-avatar:Transforms:0:Session"] = "Maybe",
            ["ReverseProxy:Routes:user-set-avatar:Timeuot"] = "00:00:01",
            ["ReverseProxy:Routes:friend-add-friend-apply:Transforms:0:Rpc"] = "bite_im.FriendService/FriendAd",
            ["ReverseProxy:Clusters:user:Metadata:Protocol"] = "soap",
            ["ReverseProxy:Clusters:file:Destinations:etcd:Address"] = "file-service:80",
            ["Gateway:UserDetails:Rpc"] = "bite_im.UserService/GetSomebody",
        }))!;

        foreach (var sentence in new[]
        {
            "Route 'user-get-user-info': ClusterId is 'nobody', which is no cluster; use one of 'file', 'friend', 'message-storage', 'message-transmit', 'speech', 'user'.",
            "Route 'user-set-avatar': transform 'Session' is 'Maybe'; use 'Required' or 'Anonymous'.",
            "Cluster 'user': metadata 'Protocol' is 'soap'; use 'grpc', 'brpc' or 'http'.",
            "Cluster 'file': destination 'etcd' has the address 'file-service:80'; use 'http://host:port', 'https://host:port', 'etcd:///service/name', 'k8s://service.namespace:port', 'dns://name:port' or 'dns+srv://name'.",
            "Gateway:UserDetails:Rpc is 'bite_im.UserService/GetSomebody', but 'bite_im.UserService' has no method 'GetSomebody'; it has UserRegister, UserLogin, GetPhoneVerifyCode, PhoneRegister, PhoneLogin, GetUserInfo, GetMultiUserInfo, SetUserAvatar, SetUserNickname, SetUserDescription, SetUserPhoneNumber.",
        })
        {
            Assert.That(refused.Errors, Has.Some.StartsWith(sentence.TrimEnd('.')));
        }

        Assert.That(refused.Errors, Has.Some.StartsWith("Route 'user-set-avatar' has no setting 'Timeuot'; did you mean 'Timeout'? It knows "));
        Assert.That(refused.Errors, Has.Some.StartsWith("Route 'friend-add-friend-apply': transform 'Rpc' is 'bite_im.FriendService/FriendAd', but 'bite_im.FriendService' has no method 'FriendAd'; it has "));
        Assert.That(StartFailure.Describe(refused), Is.EqualTo(refused.Errors));
    }

    [Test]
    public void Build_EtcdAddressesWithoutAnEtcd_SaysSo()
    {
        var refused = Assert.Throws<ConfigurationRefusedException>(() => Build(new() { ["Gateway:Etcd:Endpoints"] = "" }))!;

        Assert.That(refused.Errors, Has.Count.EqualTo(1));
        Assert.That(refused.Errors[0], Does.StartWith("Gateway:Etcd:Endpoints is empty, but the addresses of 'file', "));
    }

    [Test]
    public void Build_NoRoutesFile_SaysWhereItWasLookedFor()
    {
        var refused = Assert.Throws<ConfigurationRefusedException>(() => Build(new() { ["Gateway:RoutesFile"] = "/no/such/yarp.json" }))!;

        Assert.That(refused.Errors, Is.EqualTo(new[]
        {
            "The routes file '/no/such/yarp.json' does not exist; put one there, or name another with Gateway:RoutesFile.",
        }));
    }

    [Test]
    public void Build_RoutesFileIsAFolder_SaysSo()
    {
        var refused = Assert.Throws<ConfigurationRefusedException>(() => Build(new() { ["Gateway:RoutesFile"] = "/" }))!;

        Assert.That(refused.Errors, Is.EqualTo(new[] { "The routes file '/' is a folder; name a file in it." }));
    }

    [Test]
    public void Build_RoutesFolderNamedAndMissing_SaysSo()
    {
        var refused = Assert.Throws<ConfigurationRefusedException>(() => Build(new() { ["Gateway:RoutesFolder"] = "/no/such/routes.d" }))!;

        Assert.That(refused.Errors, Is.EqualTo(new[]
        {
            "The routes folder '/no/such/routes.d' does not exist; make it, or correct Gateway:RoutesFolder.",
        }));
    }

    [Test]
    public void Build_MisspeltGatewaySetting_NamesTheNearest()
    {
        var refused = Assert.Throws<ConfigurationRefusedException>(() => Build(new() { ["Gateway:Etcd:EndPoint"] = "http://10.0.0.1:2379" }))!;

        Assert.That(refused.Errors.Single(), Does.StartWith("Gateway:Etcd has no setting 'EndPoint'; did you mean 'Endpoints'? It knows "));
    }

    [TestCase("Gateway:Sessions:KeyPattern", "session", "Gateway:Sessions:KeyPattern is 'session'; write {session_id} in it exactly once, as in 'session:{session_id}'.")]
    [TestCase("Gateway:Listen:Address", "everywhere", "Gateway:Listen:Address is 'everywhere'; use an IP address, '0.0.0.0' for all.")]
    [TestCase("Gateway:Listen:HttpPort", "70000", "Gateway:Listen:HttpPort is 70000; use 1 to 65535, or 0 for any free port.")]
    [TestCase("Gateway:Rpc:DefaultTimeout", "00:00:00", "Gateway:Rpc:DefaultTimeout is '00:00:00'; use '00:00:00.0100000' to '01:00:00'.")]
    [TestCase("Gateway:Errors:DefaultLanguage", "fr", "Gateway:Errors:DefaultLanguage is 'fr'; use 'en' or 'zh-CN'.")]
    [TestCase("Gateway:Cors:AllowedOrigins:0", "chat.example.com", "Gateway:Cors:AllowedOrigins has 'chat.example.com'; use scheme and host alone, as in 'https://chat.example.com' or 'capacitor://localhost', or 'null'.")]
    public async Task Start_ASettingOutOfItsRange_IsOneSentence(string setting, string value, string sentence) =>
        Assert.That(await DescribeStartAsync(new() { [setting] = value }), Is.EqualTo(new[] { sentence }));

    [TestCase("Gateway:Listen:HttpPort", "abc", "a whole number, at most 2147483647")]
    [TestCase("Gateway:Sessions:Store", "Mongo", "'Redis' or 'Memory'")]
    [TestCase("Gateway:Rpc:DefaultTimeout", "soon", "a time written as hours:minutes:seconds, as '00:00:05', or '1.00:00:00' for a day")]
    [TestCase("Gateway:Errors:StatusMode", "Both", "'Envelope' or 'Http'")]
    [TestCase("Gateway:Telemetry:TrustTraceParent", "yes", "'true' or 'false'")]
    [TestCase("Gateway:UserDetails:MaxAnswer", "16M", "a whole number, at most 2147483647")]
    public async Task Start_ASettingOfTheWrongType_IsOneSentence(string setting, string value, string cure) =>
        Assert.That(await DescribeStartAsync(new() { [setting] = value }), Is.EqualTo(new[] { $"{setting} is '{value}' (settings of the host program); use {cure}." }));

    [Test]
    public async Task Start_MistakesOfEveryKind_AreToldAtOnce()
    {
        var lines = await DescribeStartAsync(new()
        {
            ["ReverseProxy:Routes:user-get-user-info:Timeout"] = "five",
            ["ReverseProxy:Routes:user-get-user-info:ClusterId"] = "nobody",
            ["ReverseProxy:Clusters:user:HttpRequest:Version"] = "two",
            ["Gateway:Rpc:DefaultTimeout"] = "soon",
            ["Gateway:Rpc:MaxBufferedAnswer"] = "1",
            ["Gateway:Errors:DefaultLanguage"] = "fr",
            ["Gateway:Errors:DefaultLanguge"] = "en",
        });

        Assert.That(lines, Has.Count.EqualTo(7).And.Unique, () => string.Join('\n', lines!));
        foreach (var beginning in new[]
        {
            "Route 'user-get-user-info': Timeout is 'five' (settings of the host program); use a time ",
            "Route 'user-get-user-info': ClusterId is 'nobody', which is no cluster; ",
            "Cluster 'user': HttpRequest:Version is 'two' (settings of the host program); use a version, ",
            "Gateway:Rpc:DefaultTimeout is 'soon' (settings of the host program); use a time ",
            "Gateway:Rpc:MaxBufferedAnswer is 1; use ",
            "Gateway:Errors:DefaultLanguage is 'fr'; use ",
            "Gateway:Errors has no setting 'DefaultLanguge'; did you mean 'DefaultLanguage'? ",
        })
        {
            Assert.That(lines, Has.Some.StartsWith(beginning));
        }
    }

    [Test]
    public void Build_UnreadableValues_NameTheirSource()
    {
        using var folder = new RouteFolder();
        folder.Write("""
            {
              "Gateway": { "Listen": { "HttpPort": "many" } },
              "ReverseProxy": {
                "Routes": { "r": { "ClusterId": "c", "Order": "first", "MaxRequestBodySize": "1", "Match": { "Path": "/r" } } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "http://127.0.0.1:1" } } } }
              }
            }
            """);
        folder.Write("""{ "ReverseProxy": { "Routes": { "s": { "ClusterId": "c", "Timeout": "5s", "Match": { "Path": "/r" } } } } }""", "routes.d", "s.json");

        var refused = Assert.Throws<ConfigurationRefusedException>(() => GatewayHost.Build(
            [$"--Gateway:RoutesFile={folder.File}", "--Gateway:Sessions:Store=Memory", "--ReverseProxy:Routes:r:MaxRequestBodySize=1M", "--Gateway:Notify:MaxDevices=few"]))!;

        Assert.That(refused.Errors, Is.EquivalentTo(new[]
        {
            $"Gateway:Listen:HttpPort is 'many' ({folder.File}); use a whole number, at most 2147483647.",
            "Gateway:Notify:MaxDevices is 'few' (command line); use a whole number, at most 2147483647.",
            $"Route 'r': Order is 'first' ({folder.File}); use a whole number, at most 2147483647.",
            "Route 'r': MaxRequestBodySize is '1M' (command line); use a whole number, at most 9223372036854775807.",
            $"Route 's': Timeout is '5s' ({folder.PathOf("routes.d", "s.json")}); use a time written as hours:minutes:seconds, as '00:00:05', or '1.00:00:00' for a day.",
        }));
    }

    [Test]
    public void Build_NoRoutesAndAnUnreadableValue_NamesIt()
    {
        var refused = Assert.Throws<ConfigurationRefusedException>(() => GatewayHost.Build(
            ["--Gateway:Roles=notify", "--Gateway:Notify:MaxDevices=few", "--Gateway:Notify:Devises=All"], builder => builder.Configuration.AddInMemoryCollection(
                [KeyValuePair.Create("Gateway:Sessions:Store", (string?)"Redis")])))!;

        Assert.That(refused.Errors, Has.Count.EqualTo(2));
        Assert.That(refused.Errors, Has.Some.EqualTo("Gateway:Notify:MaxDevices is 'few' (command line); use a whole number, at most 2147483647."));
        Assert.That(refused.Errors, Has.Some.StartsWith("Gateway:Notify has no setting 'Devises'; did you mean 'Devices'? "));
    }

    [Test]
    public async Task Start_SeveralSettingsOutOfRange_NamesThemAll()
    {
        var lines = await DescribeStartAsync(new() { ["Gateway:Errors:DefaultLanguage"] = "fr", ["Gateway:Events:LookUpTimeout"] = "00:01:00" });

        Assert.That(lines, Is.Not.Null.And.Some.Contains("DefaultLanguage"));
    }

    [Test]
    public async Task Start_PortInUse_IsOneSentence()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var lines = await DescribeStartAsync(new() { ["Gateway:Listen:HttpPort"] = $"{port}" });

        Assert.That(lines, Is.EqualTo(new[]
        {
            $"Failed to bind to address http://127.0.0.1:{port}: address already in use. Stop what listens there, or set Gateway:Listen, Gateway:Tls, Gateway:Push or Gateway:Management to other ports.",
        }));
    }

    [Test]
    public void Describe_ADefect_IsLeftToItsStackTrace() =>
        Assert.That(StartFailure.Describe(new InvalidOperationException("of ours")), Is.Null);

    private static async Task<IReadOnlyList<string>?> DescribeStartAsync(Dictionary<string, string?> settings)
    {
        try
        {
            await using var app = Build(settings);
            await app.StartAsync().DefaultTimeout();
        }
        catch (Exception exception)
        {
            return StartFailure.Describe(exception) ?? throw new AssertionException("Nothing an operator could read", exception);
        }

        throw new AssertionException("It started");
    }

    private static Microsoft.AspNetCore.Builder.WebApplication Build(Dictionary<string, string?> settings) => GatewayHost.Build([], builder =>
    {
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Gateway:Listen:Address"] = "127.0.0.1",
            ["Gateway:Listen:HttpPort"] = "0",
            ["Gateway:Listen:WebSocketPort"] = "0",
            ["Gateway:Management:Port"] = "0",
            ["Gateway:Sessions:Store"] = "Memory",
            ["Gateway:Etcd:Endpoints"] = "http://127.0.0.1:1",
        });
        builder.Configuration.AddInMemoryCollection(settings);
    });
}
