using Gateway.Proxy.Discovery;
using Gateway.Tests.Support;
using k8s.Models;

namespace Gateway.Tests.Proxy.Discovery.Kubernetes;

/// <summary>Services whose API server works as it should.</summary>
internal sealed class KubernetesSourceTests
{
    private FakeApiServer _server = null!;

    [SetUp]
    public async Task StartAsync() => _server = await FakeApiServer.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [Test]
    public async Task Pods_ComeAndGo_AreFollowed()
    {
        _server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p1", "10.0.0.1"), FakeApiServer.Pod("p2", "10.0.0.2")));
        await using var sut = KubernetesHarness.Start(_server);
        await sut.KnowsAsync("http://10.0.0.1:9000", "http://10.0.0.2:9000");
        await sut.ConnectedAsync();

        _server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p2", "10.0.0.2"), FakeApiServer.Pod("p3", "10.0.0.3")));
        await sut.KnowsAsync("http://10.0.0.2:9000", "http://10.0.0.3:9000");
        _server.Set(FakeApiServer.Slice("user-b", 9001, FakeApiServer.Pod("p4", "10.0.0.4")));
        await sut.KnowsAsync("http://10.0.0.2:9000", "http://10.0.0.3:9000", "http://10.0.0.4:9001");
        _server.Remove("user-a");
        await sut.KnowsAsync("http://10.0.0.4:9001");

        Assert.That((_server.Lists, _server.Watches), Is.EqualTo((1, 1)));
        Assert.That(sut.Source.Registry.Current.Instances(KubernetesHarness.Service).Single().Key, Is.EqualTo("k8s://chat/p4"));
        Assert.That(sut.Logs.Entries.Single(entry => entry.EventId.Id == 1140).Message, Is.EqualTo("Kubernetes says where 'user.chat:grpc' is: 0 instances.")
            .Or.EqualTo("Kubernetes says where 'user.chat:grpc' is: 2 instances."));
    }

    [Test]
    public async Task OtherServicesAndNamespaces_AreNotAskedFor()
    {
        await using var sut = KubernetesHarness.Start(_server);
        await sut.ConnectedAsync();

        Assert.That(_server.Requests.Select(request => Uri.UnescapeDataString(request.Path.Split("&timeout")[0])), Is.EqualTo(new[]
        {
            "/apis/discovery.k8s.io/v1/namespaces/chat/endpointslices?labelSelector=kubernetes.io/service-name=user",
            "/apis/discovery.k8s.io/v1/namespaces/chat/endpointslices?labelSelector=kubernetes.io/service-name=user&watch=1&allowWatchBookmarks=true&resourceVersion=1000",
        }));
    }

    [Test]
    public async Task Keep_ServiceThatNobodyNames_IsForgottenAndNotWatchedAnyMore()
    {
        _server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p1", "10.0.0.1")));
        await using var sut = KubernetesHarness.Start(_server);
        await sut.KnowsAsync("http://10.0.0.1:9000");
        await sut.ConnectedAsync();

        sut.Source.Keep(new HashSet<string> { "user.chat:grpc" });
        Assert.That(sut.Source.IsUsed, Is.True);
        sut.Source.Keep(new HashSet<string>());

        Assert.That(sut.Source.IsUsed, Is.False);
        await sut.KnowsAsync();
        await Eventually.That(() => _server.OpenWatches == 0);
    }

    [Test]
    public async Task Follow_AfterTheStart_NeverMakesTheGatewayUnready()
    {
        await using var sut = KubernetesHarness.Start(_server);
        await sut.ConnectedAsync();
        await sut.Source.StartAsync(CancellationToken.None);
        _server.OnRequest = async (context, _) =>
        {
            await FakeApiServer.RefuseAsync(context, 403, "Forbidden", "no");
            return true;
        };

        sut.Source.Follow("file.elsewhere:grpc");

        await Eventually.That(() => sut.Logs.Entries.Any(entry => entry.EventId.Id == 1141));
        Assert.That((sut.Status.Connected, sut.Status.Synced), Is.EqualTo((false, true)), "Lost, and not still connecting");
    }

    [Test]
    public async Task Watch_AtTheEndOfItsTime_IsReplacedWithoutAWord()
    {
        _server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p1", "10.0.0.1")));
        await using var sut = KubernetesHarness.Start(_server);
        await sut.ConnectedAsync();

        _server.CloseWatches();
        await Eventually.That(() => _server.Watches == 2 && _server.OpenWatches == 1);
        _server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p2", "10.0.0.2")));

        await sut.KnowsAsync("http://10.0.0.2:9000");
        Assert.That(sut.Logs.Entries.Where(entry => entry.EventId.Id == 1141), Is.Empty);
        Assert.That(sut.Status.Connected, Is.True);
    }

    [Test]
    public async Task Watch_ThatDeliversNothing_IsFoundOutByTheNextList()
    {
        _server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p1", "10.0.0.1")));
        await using var sut = KubernetesHarness.Start(_server, options => options.ResyncInterval = TimeSpan.FromSeconds(1));
        await sut.KnowsAsync("http://10.0.0.1:9000");

        _server.SetSilently(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p2", "10.0.0.2")));

        await sut.KnowsAsync("http://10.0.0.2:9000");
    }

    [Test]
    public async Task Bookmark_IsASignOfLife()
    {
        await using var sut = KubernetesHarness.Start(_server);
        await sut.ConnectedAsync();
        var before = sut.Status.LastContact;

        _server.Bookmark();

        await Eventually.That(() => sut.Status.LastContact > before);
        Assert.That(_server.Watches, Is.EqualTo(1));
    }

    [Test]
    public async Task Service_WithoutAnyInstance_StaysInUseForAWhile()
    {
        _server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p1", "10.0.0.1"), FakeApiServer.Pod("p2", "10.0.0.2")));
        await using var sut = KubernetesHarness.Start(_server);
        await sut.KnowsAsync("http://10.0.0.1:9000", "http://10.0.0.2:9000");
        await sut.ConnectedAsync();

        _server.Remove("user-a");
        await Eventually.That(() => sut.Status.HeldInstances == 2);
        Assert.That(sut.Addresses(), Is.EqualTo(new[] { "http://10.0.0.1:9000", "http://10.0.0.2:9000" }));
        Assert.That(sut.Logs.Entries.Single(entry => entry.EventId.Id == 1142).Message, Is.EqualTo(
            "Kubernetes names no instance of 'user.chat:grpc' any more. 2 instances that vanished stay in use for 30 s unless others come."));

        // One that is there again is believed, and those that were held are not needed.
        _server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p3", "10.0.0.3")));
        await sut.KnowsAsync("http://10.0.0.3:9000");
        await Eventually.That(() => sut.Status.HeldInstances == 0);
    }

    [Test]
    public async Task Pods_NotReadyOneAfterTheOther_AllStayInUseOnceNoneIs()
    {
        string[] all = ["http://10.0.0.1:9000", "http://10.0.0.2:9000", "http://10.0.0.3:9000"];
        _server.Set(Slice(3));
        await using var sut = KubernetesHarness.Start(_server);
        await sut.KnowsAsync(all);
        await sut.ConnectedAsync();

        _server.Set(Slice(2));
        await sut.KnowsAsync(all[..2]);
        _server.Set(Slice(1));
        await sut.KnowsAsync(all[..1]);
        _server.Set(Slice(0));

        await sut.KnowsAsync(all);
        Assert.That(sut.Status.HeldInstances, Is.EqualTo(3));

        static V1EndpointSlice Slice(int ready) =>
            FakeApiServer.Slice("user-a", 9000, [.. Enumerable.Range(1, 3).Select(id => FakeApiServer.Pod($"p{id}", $"10.0.0.{id}", ready: id <= ready))]);
    }

    [Test]
    public async Task Service_ScaledToNone_IsEmptyAfterTheGrace()
    {
        _server.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p1", "10.0.0.1")));
        await using var sut = KubernetesHarness.Start(_server, options => options.EmptyServiceGrace = TimeSpan.FromMilliseconds(300));
        await sut.KnowsAsync("http://10.0.0.1:9000");
        await sut.ConnectedAsync();

        _server.Set(FakeApiServer.Slice("user-a", 9000));

        await sut.KnowsAsync();
        Assert.That(_server.Lists, Is.EqualTo(2), "It is asked again before instances are let go");
        Assert.That(sut.Logs.Entries.Single(entry => entry.EventId.Id == 1143).Message, Is.EqualTo(
            "1 instances of 'user.chat:grpc' are no longer used: for 0.3 s Kubernetes has named none."));
    }

    [Test]
    public async Task Port_ThatNoPodHas_IsTold()
    {
        var slice = FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p1", "10.0.0.1"));
        slice.Ports[0].Name = "http";
        _server.Set(slice);
        await using var sut = KubernetesHarness.Start(_server);
        await sut.ConnectedAsync();

        Assert.That(sut.Addresses(), Is.Empty);
        Assert.That(sut.Logs.Entries.Single(entry => entry.EventId.Id == 1144).Message, Is.EqualTo(
            "Instances of 'user.chat:grpc' in Kubernetes cannot be used: none of them has a TCP port 'grpc'; there is 'http' (9000)."));
        Assert.That(sut.Source.Troubles, Is.EqualTo(new[] { new ServiceTrouble("user.chat:grpc", IsLost: false, "none of them has a TCP port 'grpc'; there is 'http' (9000)") }));

        slice.Ports[0].Name = "grpc";
        _server.Set(slice);
        await sut.KnowsAsync("http://10.0.0.1:9000");
        Assert.That(sut.Source.Troubles, Is.Empty);
    }
}
