using Gateway.Proxy;
using Gateway.Proxy.Routing;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace Gateway.Tests.Proxy.Routing;

/// <summary>Routes that pass every check, and yet YARP does not take them over: those before stay, and the file is not taken for known.</summary>
[TestFixture]
internal sealed class RouteHandOverTests
{
    private readonly Obstacle _yarp = new();
    private SettlingTime _time = null!;
    private RouteFolder _folder = null!;
    private WebApplication _app = null!;
    private RecordingLoggerProvider _log = null!;

    private RouteReloader Sut => _app.Services.GetRequiredService<RouteReloader>();

    private RouteSet Current => _app.Services.GetRequiredService<RouteProvider>().Current;

    [SetUp]
    public void SetUp()
    {
        _folder = new RouteFolder();
        _folder.Write(File("old"));
        _log = new RecordingLoggerProvider();
        _time = new SettlingTime();
        _yarp.OnAdded = _ => { };
        _yarp.OnBuild = _ => Task.CompletedTask;
        _app = GatewayHost.Build([], builder =>
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Gateway:RoutesFile"] = _folder.File,
                ["Gateway:Sessions:Store"] = "Memory",
            });
            builder.Logging.ClearProviders().AddProvider(_log);
            builder.Services.AddSingleton<TimeProvider>(_time);
            builder.Services.AddSingleton<IClusterChangeListener>(_yarp);
            builder.Services.AddSingleton<IProxyConfigFilter>(_yarp);
        });
    }

    [TearDown]
    public async Task TearDownAsync()
    {
        await _app.DisposeAsync();
        _log.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Reload_YarpRefuses_OldRoutesStayInForce_AndTheSameFileIsRefusedAgain()
    {
        var old = Current;
        _folder.Write(File("new"));
        _yarp.OnAdded = cluster =>
        {
            if (cluster == "new")
            {
                throw new InvalidOperationException("It cannot be done.");
            }
        };

        for (var turn = 0; turn < 2; turn++)
        {
            var reload = await Sut.ReloadAsync(CancellationToken.None).DefaultTimeout();

            Assert.That(reload.Result, Is.EqualTo(RouteReloadResult.Refused), $"Turn {turn}");
            Assert.That(reload.Errors.Single(), Does.StartWith("YARP did not take over the routes: ").And.Contains("It cannot be done."));
            AssertInForce(old, "old");
        }

        Assert.That(_log.Named("RoutesRefused"), Has.Count.EqualTo(2));
        Assert.That(_log.Named("RoutesApplied").Concat(_log.Named("RoutesUnchanged")), Is.Empty);
        await MendedIsAppliedAsync();
    }

    [Test]
    public async Task Reload_YarpIsSilentForTenSeconds_OldRoutesStayInForce_AndTheSameFileIsRefusedAgain()
    {
        var old = Current;
        _folder.Write(File("new"));
        for (var turn = 0; turn < 2; turn++)
        {
            var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var asked = 0;
            _yarp.OnBuild = async cluster =>
            {
                // The first to ask is the dry run.
                if (cluster == "new" && ++asked == 2)
                {
                    entered.SetResult();
                    await gate.Task;
                }
            };
            var reloading = Sut.ReloadAsync(CancellationToken.None);
            await entered.Task.DefaultTimeout();

            await Eventually.That(() =>
            {
                // Whenever it begins to wait, this takes it to the very end of its patience.
                _time.Advance(TimeSpan.FromSeconds(1));
                return Current.Revision == old.Revision;
            });
            Assert.That(reloading.IsCompleted, Is.False, "It waits until YARP has the old routes again");
            gate.SetResult();

            var reload = await reloading.DefaultTimeout();
            Assert.That(reload.Result, Is.EqualTo(RouteReloadResult.Refused), $"Turn {turn}");
            Assert.That(reload.Errors.Single(), Does.StartWith("YARP did not take over the routes: "));
            AssertInForce(old, "old");
        }

        Assert.That(_log.Named("RoutesApplied").Concat(_log.Named("RoutesUnchanged")), Is.Empty);
        await MendedIsAppliedAsync();
    }

    /// <summary>YARP takes everything again: the file that was refused twice is in force once it is asked for.</summary>
    private async Task MendedIsAppliedAsync()
    {
        _yarp.OnAdded = _ => { };
        _yarp.OnBuild = _ => Task.CompletedTask;

        var reload = await Sut.ReloadAsync(CancellationToken.None).DefaultTimeout();

        Assert.That(reload.Result, Is.EqualTo(RouteReloadResult.Applied));
        AssertInForce(Current, "new");
    }

    /// <summary>What the gateway says and what YARP does.</summary>
    private void AssertInForce(RouteSet expected, string name)
    {
        var proxy = _app.Services.GetRequiredService<IProxyStateLookup>();
        Assert.Multiple(() =>
        {
            Assert.That(Current.Revision, Is.EqualTo(expected.Revision));
            Assert.That(Current.CatalogName, Is.EqualTo(expected.CatalogName));
            Assert.That(proxy.GetClusters().Select(cluster => cluster.ClusterId), Is.EqualTo(new[] { name }));
            Assert.That(proxy.GetRoutes().Select(route => route.Config.RouteId), Is.EqualTo(new[] { name }));
            Assert.That(proxy.GetRoutes().Select(route => route.Cluster?.ClusterId), Is.EqualTo(new[] { name }));
        });
    }

    private static string File(string name) => $$"""
        { "ReverseProxy": {
            "Routes": { "{{name}}": { "ClusterId": "{{name}}", "Match": { "Path": "/{{name}}" } } },
            "Clusters": { "{{name}}": { "Destinations": { "d": { "Address": "http://127.0.0.1:1" } } } } } }
        """;

    /// <summary>Stands in YARP's way.</summary>
    private sealed class Obstacle : IClusterChangeListener, IProxyConfigFilter
    {
        /// <summary>Given each new cluster behind all dry runs.</summary>
        public Action<string> OnAdded { get; set; } = _ => { };

        /// <summary>Given each cluster that is built, in the dry run too.</summary>
        public Func<string, Task> OnBuild { get; set; } = _ => Task.CompletedTask;

        public void OnClusterAdded(ClusterState cluster) => OnAdded(cluster.ClusterId);

        public void OnClusterChanged(ClusterState cluster)
        {
        }

        public void OnClusterRemoved(ClusterState cluster)
        {
        }

        public async ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel)
        {
            await OnBuild(cluster.ClusterId);
            return cluster;
        }

        public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel) => new(route);
    }
}
