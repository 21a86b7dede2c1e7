using Gateway.Proxy;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Settings;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy;

namespace Gateway.Tests.Proxy.Routing;

/// <summary>Ten thousand broken route files: each is taken over whole or refused with a sentence, and nothing else happens.</summary>
[TestFixture]
[Category("Long")]
internal sealed class MutatedRoutesTests
{
    private const string Good = """
        {
          "$schema": "./yarp.schema.json",
          "ReverseProxy": {
            "Routes": {
              "login": {
                "ClusterId": "user",
                "Match": { "Path": "/login", "Methods": [ "POST" ] },
                "Timeout": "00:00:05",
                "MaxRequestBodySize": 4096,
                "Transforms": [ { "Rpc": "bite_im.UserService/UserLogin" } ]
              },
              "friends": {
                "ClusterId": "friend",
                "Order": 1,
                "Canary": [ { "ClusterId": "user", "Percent": 2.5 }, { "ClusterId": "user", "Header": "x-new", "Values": [ "1" ] } ],
                "Match": { "Path": "/friends/{id}", "Hosts": [ "a.example" ], "Headers": [ { "Name": "x", "Values": [ "1" ] } ] },
                "Metadata": { "a": "b" },
                "Transforms": [ { "Rpc": "bite_im.FriendService/GetFriendList", "Session": "Required" }, { "RequestHeader": "x", "Set": "y" } ]
              }
            },
            "Clusters": {
              "user": {
                "LoadBalancingPolicy": "RoundRobin",
                "HttpClient": { "MaxConnectionsPerServer": 10 },
                "HealthCheck": { "Passive": { "Enabled": true, "Policy": "TransportFailureRate", "ReactivationPeriod": "00:00:10" } },
                "Destinations": { "a": { "Address": "http://127.0.0.1:1" }, "b": { "Address": "http://127.0.0.1:2" } }
              },
              "friend": {
                "Metadata": { "Protocol": "http", "MaxConcurrentRequests": "200" },
                "HttpRequest": { "ActivityTimeout": "00:00:30" },
                "Destinations": { "a": { "Address": "http://127.0.0.1:3" } }
              }
            }
          }
        }
        """;

    private readonly SettlingTime _time = new();
    private RouteFolder _folder = null!;
    private WebApplication _app = null!;
    private RecordingLoggerProvider _log = null!;

    [OneTimeSetUp]
    public void SetUp()
    {
        _folder = new RouteFolder();
        _folder.Write(Good);
        _log = new RecordingLoggerProvider();
        _app = GatewayHost.Build([], builder =>
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Gateway:RoutesFile"] = _folder.File,
                ["Gateway:Sessions:Store"] = "Memory",
            });
            builder.Logging.ClearProviders().AddProvider(_log);
            builder.Services.AddSingleton<TimeProvider>(_time);
        });
    }

    [OneTimeTearDown]
    public async Task TearDownAsync()
    {
        await _app.DisposeAsync();
        _log.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Loader_ThousandsOfFiles_AcceptsOrRefusesWithASentence()
    {
        var loader = _app.Services.GetRequiredService<RouteLoader>();
        var files = new MutatedFile(Good, seed: 1);
        var (accepted, refused) = (0, 0);
        for (var i = 0; i < 2_500; i++)
        {
            var file = files.Next();
            File.WriteAllBytes(_folder.File, file);
            try
            {
                await loader.LoadAsync(loader.Read(), CancellationToken.None);
                accepted++;
            }
            catch (ConfigurationRefusedException refusal)
            {
                Assert.That(refusal.Errors, Is.Not.Empty.And.All.Match(@"^\S.{10,}"), () => Show(i, file));
                refused++;
            }
            catch (Exception exception)
            {
                Assert.Fail($"{exception}\n{Show(i, file)}");
            }
        }

        Assert.That((accepted, refused), Is.EqualTo((accepted, 2_500 - accepted)));
        Assert.That(accepted, Is.InRange(125, 1250), "The mutations no longer reach every part of the loader");
    }

    [Test]
    public async Task Reload_ThreeHundredFiles_IsAllOrNothing()
    {
        var (reloader, provider, status) = (
            _app.Services.GetRequiredService<RouteReloader>(), _app.Services.GetRequiredService<RouteProvider>(), _app.Services.GetRequiredService<RouteStatus>());
        var files = new MutatedFile(Good, seed: 2);
        var results = new HashSet<RouteReloadResult>();
        for (var i = 0; i < 300; i++)
        {
            var before = provider.Current;
            var file = files.Next();
            File.WriteAllBytes(_folder.File, file);

            await reloader.ReloadAsync(CancellationToken.None).DefaultTimeout();

            var last = status.Last!;
            results.Add(last.Result);
            Assert.That(last.Result == RouteReloadResult.Applied, Is.EqualTo(!ReferenceEquals(provider.Current, before)), () => Show(i, file));
            AssertYarpHasExactly(provider.Current, () => Show(i, file));
        }

        Assert.That(results, Is.SupersetOf(new[] { RouteReloadResult.Applied, RouteReloadResult.Refused }));
        Assert.That(_log.Named("RouteCheckBroke"), Is.Empty);
    }

    private void AssertYarpHasExactly(RouteSet set, Func<string> message)
    {
        var proxy = _app.Services.GetRequiredService<IProxyStateLookup>();
        Assert.That(proxy.GetRoutes().Select(route => route.Config.RouteId), Is.EquivalentTo(set.Routes.Select(route => route.RouteId)), message);
        Assert.That(proxy.GetClusters().Select(cluster => cluster.ClusterId), Is.EquivalentTo(set.Clusters.Select(cluster => cluster.ClusterId)), message);
        Assert.That(
            proxy.GetRoutes().Select(route => route.Config.Match.Path), Is.EquivalentTo(set.Routes.Select(route => route.Match.Path)), message);
    }

    private static string Show(int number, byte[] file) => $"File {number}:\n{System.Text.Encoding.UTF8.GetString(file[..Math.Min(file.Length, 4000)])}";
}
