using Gateway.Protocol;
using Gateway.Proxy.Routing;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

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

    /// <summary>Starts the gateway. It looks at its files when a test asks it to, with <see cref="LookAsync"/>.</summary>
    /// <param name="configure">Services and settings of one test.</param>
    /// <param name="watches">Whether it looks at them once a second, as an operator's does.</param>
    protected async Task StartAsync(Action<WebApplicationBuilder>? configure = null, bool watches = false)
    {
        Settings["Gateway:RoutesFile"] = Folder.File;
        Gateway = await GatewayFixture.StartAsync(Service.Address, Settings, builder =>
        {
            if (!watches)
            {
                LookWhenAsked(builder.Services);
            }

            configure?.Invoke(builder);
        });
        Gateway.Sessions.Set("s-alice", "alice");
    }

    protected async Task<int> StatusAsync(string path, int idLength = 2)
    {
        using var response = await PostAsync(path, idLength);
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

    /// <summary>Lets the gateway look at its files once. They have changed, and what became of the change is said.</summary>
    protected async Task LookAsync(RouteReloadResult result)
    {
        var before = Last;
        await Gateway.Services.GetRequiredService<RouteReloader>().CheckAsync(CancellationToken.None).DefaultTimeout();
        Assert.That(Last, Is.Not.SameAs(before), "Nothing has changed");
        Assert.That(Last.Result, Is.EqualTo(result), () => string.Join('\n', Last.Errors));
    }

    /// <summary>In the places of the gateway's own, which are registered later: a watcher whose time stands still, and a reloader without pauses.</summary>
    internal static void LookWhenAsked(IServiceCollection services)
    {
        services.AddSingleton<IHostedService, RouteWatcher>(provider => ActivatorUtilities.CreateInstance<RouteWatcher>(provider, new FakeTimeProvider()));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RouteReloader>(provider, new TimeWithoutPauses()));
    }

    /// <summary>The test's files are whole when the gateway looks, so nothing is gained by waiting for the rest of them.</summary>
    private sealed class TimeWithoutPauses : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
