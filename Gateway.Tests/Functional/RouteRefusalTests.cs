using System.Diagnostics.Metrics;
using Gateway.Proxy.Routing;
using Gateway.Proxy.Telemetry;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Functional;

/// <summary>Mistakes in the route file while the gateway runs: the old routes stay, and the operator learns why.</summary>
[TestFixture]
internal sealed class RouteRefusalTests : RouteReloadTest
{
    private static readonly string[][] Texts =
    [
        [File("/a")[..^3], "The routes file '*' cannot be read: line "],
        ["", "The routes file '*' cannot be read: line 1, byte 1: "],
        ["{}", "Section 'ReverseProxy' has no routes; list them under 'ReverseProxy:Routes'."],
        [File("/a").Replace("\"user\",", "\"usr\",", StringComparison.Ordinal), "Route 'login': ClusterId is 'usr', which is no cluster; use one of "],
        [File("/a").Replace("UserLogin", "UserLogn", StringComparison.Ordinal), "Route 'login': transform 'Rpc' is 'bite_im.UserService/UserLogn', but 'bite_im.UserService' has no method 'UserLogn'; "],
        [File("/a").Replace("\"Rpc\"", "\"Rcp\"", StringComparison.Ordinal), "Route 'login': the transform 'Rcp' is unknown; use 'Rpc' or one of YARP's (*)."],
        [File("/a").Replace("\"bite_im.UserService/UserLogin\"", "null", StringComparison.Ordinal), "Route 'login': transform 'Rpc' has no value; write it as one text (*)."],
        [File("/a", more: "\"MaxRequestBodySize\": 0,"), "Route 'login': MaxRequestBodySize is 0; use 1 to 1073741824 bytes (*)."],
        [File("/a", more: "\"Timeout\": \"5 s\","), "Route 'login': Timeout is '5 s' (*); use a time written as hours:minutes:seconds, "],
        [File("/a", more: "\"Timeuot\": \"00:00:05\","), "Route 'login' has no setting 'Timeuot'; did you mean 'Timeout'? It knows "],
        [File("/a", more: "\"RouteId\": \"r\","), "Route 'login' has no setting 'RouteId'; it knows "],
        [File("/{a"), "Invalid path '/{a' for route 'login' (*)."],
        [File("/a", routes: """ "r": { "ClusterId": "user", "Match": { "Path": "/a" }, "Order": 0 }, "s": { "ClusterId": "user", "Match": { "Path": "/A/" } }, """),
            "Routes 'r' and 's' both match '/a'; change one path, or give them different 'Order'."],
        [File("/a").Replace("http://127.0.0.1:1\"", "http://127.0.0.1:1\", \"Host\": \"x\", \"Helth\": \"y\"", StringComparison.Ordinal),
            "Cluster 'user': destination 'etcd' has no setting 'Helth'; did you mean 'Health'? It knows "],
        [File("/a").Replace("\"Clusters\": {", "\"Clusters\": { \"e\": { \"Destinations\": { \"d\": { \"Address\": \"etcd:///service/x\" } } },", StringComparison.Ordinal),
            "Gateway:Etcd:Endpoints is empty, but the addresses of 'e' are in etcd; "],
        [File("/a", sections: """ "Gateway": { "DescriptorSets": [ "/no/such.pb" ] }, """), "Gateway:DescriptorSets: the file '/no/such.pb' cannot be opened ("],
        [File("/a", sections: """ "Gateway": { "DescriptorSets": [ "a\u0000b" ] }, """), "The route files cannot be read: "],
        [File("/a", sections: """ "Gateway": { "Rpc": { "DefaultTimeout": "soon" } }, """), "Gateway:Rpc:DefaultTimeout is 'soon' (*); use a time written as hours:minutes:seconds, "],
        [File("/a", sections: """ "Gateway": { "Rpc": { "DefaultTimeOuts": "00:00:01" } }, """), "Gateway:Rpc has no setting 'DefaultTimeOuts'; did you mean 'DefaultTimeout'? It knows "],
    ];

    private static IEnumerable<TestCaseData> Mistakes => Texts.Select(pair => new TestCaseData(pair[0], pair[1]).SetArgDisplayNames(pair[1]));

    [TestCaseSource(nameof(Mistakes))]
    public async Task Mistake_KeepsTheOldRoutesAndIsNamed(string json, string sentence)
    {
        sentence = sentence.Replace("*", Folder.File, StringComparison.Ordinal);
        await StartAsync();
        var before = Last;

        Folder.Write(json);
        await LookAsync(RouteReloadResult.Refused);

        Assert.That(Last.Errors, Has.Some.StartsWith(sentence));
        Assert.That(Last.Message, Does.Contain(sentence));
        Assert.That((Last.Revision, Last.AppliedAt), Is.EqualTo((before.Revision, before.AppliedAt)));
        Assert.That(await StatusAsync(LoginPath), Is.EqualTo(200));
        Assert.That(await StatusAsync("/a"), Is.EqualTo(404));
        var line = Gateway.Log.Named("RoutesRefused").Single();
        Assert.That(line.Level, Is.EqualTo(LogLevel.Warning));
        Assert.That(line.Message, Does.StartWith($"Changed routes were refused, those of revision {before.Revision} stay in use. ").And.Contain(sentence));
    }

    [Test]
    public async Task MistakeTakenBack_IsNoMistakeAnyMore()
    {
        await StartAsync();
        var start = Last;
        Folder.Write("{ half");
        await LookAsync(RouteReloadResult.Refused);

        Folder.Write(File());
        await LookAsync(RouteReloadResult.Unchanged);

        Assert.That(Last.Errors, Is.Empty);
        Assert.That((Last.Revision, Last.AppliedAt), Is.EqualTo((start.Revision, start.AppliedAt)));
        Assert.That(Gateway.Log.Named("RoutesUnchanged"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task MistakeCorrected_IsApplied()
    {
        await StartAsync();
        Folder.Write(File("/{a"));
        await LookAsync(RouteReloadResult.Refused);

        Folder.Write(File("/a"));
        await LookAsync(RouteReloadResult.Applied);

        Assert.That(await StatusAsync("/a"), Is.EqualTo(200));
    }

    [Test]
    public async Task FileGone_KeepsTheOldRoutes()
    {
        await StartAsync();

        System.IO.File.Delete(Folder.File);
        await LookAsync(RouteReloadResult.Refused);

        Assert.That(Last.Errors, Is.EqualTo(new[] { $"The routes file '{Folder.File}' does not exist; put one there, or name another with Gateway:RoutesFile." }));
        Assert.That(await StatusAsync(LoginPath), Is.EqualTo(200));
        Folder.Write(File("/back"));
        await LookAsync(RouteReloadResult.Applied);
        Assert.That(await StatusAsync("/back"), Is.EqualTo(200));
    }

    [Test]
    public async Task Results_AreCounted()
    {
        var counted = new Dictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (instrument.Meter.Name == GatewayMeter.Name && instrument.Name == "gateway.config.reloads")
            {
                it.EnableMeasurementEvents(instrument, instrument.Meter.Scope);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, scope) =>
        {
            // Other tests have gateways too, also before this one has; each has a meter factory of its own, which is the scope.
            if (Gateway is { } own && ReferenceEquals(scope, own.Services.GetService(typeof(IMeterFactory))))
            {
                lock (counted)
                {
                    var result = (string)tags[0].Value!;
                    counted[result] = counted.GetValueOrDefault(result) + value;
                }
            }
        });
        listener.Start();
        await StartAsync();

        Folder.Write("{");
        await LookAsync(RouteReloadResult.Refused);
        Folder.Write(File());
        await LookAsync(RouteReloadResult.Unchanged);
        Folder.Write(File("/a"));
        await LookAsync(RouteReloadResult.Applied);

        lock (counted)
        {
            Assert.That(counted, Is.EquivalentTo(new Dictionary<string, long> { ["refused"] = 1, ["unchanged"] = 1, ["applied"] = 1 }));
        }
    }

    [Test]
    public async Task LastSuccess_IsTheTimeOfTheRoutesInUse()
    {
        long? seconds = null;
        await StartAsync();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (instrument.Name == "gateway.config.last_success" && ReferenceEquals(instrument.Meter.Scope, Gateway.Services.GetService(typeof(IMeterFactory))))
            {
                it.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => seconds = value);
        listener.Start();

        listener.RecordObservableInstruments();

        Assert.That(seconds, Is.EqualTo(Last.AppliedAt.ToUnixTimeSeconds()));
    }
}
