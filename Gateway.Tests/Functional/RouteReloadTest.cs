using Gateway.Protocol;
using Gateway.Proxy.Routing;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Functional;

/// <summary>A gateway that runs on a route file of the test's own. Every cluster's address in the file is overridden by a setting.</summary>
internal abstract class RouteReloadTest
{
    protected const string LoginPath = "/login";

    protected StubSubService Service { get; private set; } = null!;

    protected GatewayFixture Gateway { get; private set; } = null!;

    protected RouteFolder Folder { get; private set; } = null!;

    protected RouteReload Last => Gateway.Services.GetRequiredService<RouteStatus>().Last!;

    /// <summary>Settings of one test beside those of all; they win over the files.</summary>
    protected Dictionary<string, string?> Settings { get; } = [];

    /// <summary>A file with the one route <c>login</c>.</summary>
    internal static string File(string path = LoginPath, string more = "", string routes = "", string sections = "") => $$"""
        {
          {{sections}}
          "ReverseProxy": {
            "Routes": {
              {{routes}}
              "login": {
                "ClusterId": "user", {{more}}
                "Match": { "Path": "{{path}}", "Methods": [ "POST" ] },
                "Transforms": [ { "Rpc": "bite_im.UserService/UserLogin" } ]
              }
            },
            "Clusters": { "user": { "Destinations": { "etcd": { "Address": "http://127.0.0.1:1" } } } }
          }
        }
        """;

    [SetUp]
    public async Task SetUpAsync()
    {
        Settings.Clear();
        Gateway = null!;
        Service = await StubSubService.StartAsync();
        Service.Answer(new UserLoginRsp { RequestId = "r1", Success = true });
        Folder = new RouteFolder();
        Folder.Write(File());
    }

    [TearDown]
    public async Task TearDownAsync()
    {
        if (Gateway is not null)
        {
            await Gateway.DisposeAsync();
        }

        await Service.DisposeAsync();
        Folder.Dispose();
    }

    protected async Task StartAsync(Action<WebApplicationBuilder>? configure = null)
    {
        Settings["Gateway:RoutesFile"] = Folder.File;
        Gateway = await GatewayFixture.StartAsync(Service.Address, Settings, configure);
        Gateway.Sessions.Set("s-alice", "alice");
    }

    protected async Task<int> StatusAsync(string path)
    {
        using var response = await PostAsync(path);
        return (int)response.StatusCode;
    }

    /// <summary>The code of the gateway's refusal, "" for a call that succeeded.</summary>
    protected async Task<string> ErrorCodeAsync(string path, int idLength = 2)
    {
        using var response = await PostAsync(path, idLength);
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        return GatewayFixture.ErrorCode(response);
    }

    protected Task<HttpResponseMessage> PostAsync(string path, int idLength = 2) =>
        Gateway.PostAsync(path, new UserLoginReq { RequestId = new string('r', idLength) }.ToByteArray()).DefaultTimeout();

    /// <summary>Waits until a change made after <paramref name="before"/> has ended in this way.</summary>
    protected Task EndedAsync(RouteReload before, RouteReloadResult result) =>
        Eventually.That(() => !ReferenceEquals(Last, before) && Last.Result == result);
}
