using k8s;
using k8s.Models;

namespace Gateway.Tests.Support;

/// <summary>The official client finds in the fake what it would find in a real API server.</summary>
internal sealed class FakeApiServerTests
{
    [Test]
    public async Task OfficialClient_ListsAndWatches()
    {
        await using var sut = await FakeApiServer.StartAsync();
        sut.Set(FakeApiServer.Slice("user-a", 9000, FakeApiServer.Pod("p1", "10.0.0.1")));
        using var client = new k8s.Kubernetes(new KubernetesClientConfiguration { Host = sut.Address });

        var list = await client.DiscoveryV1.ListNamespacedEndpointSliceAsync("chat", labelSelector: "kubernetes.io/service-name=user").DefaultTimeout();
        Assert.That(list.Items.Single().Endpoints.Single().TargetRef.Name, Is.EqualTo("p1"));
        Assert.That((await client.DiscoveryV1.ListNamespacedEndpointSliceAsync("chat", labelSelector: "kubernetes.io/service-name=file").DefaultTimeout()).Items, Is.Empty);

        sut.Set(FakeApiServer.Slice("user-b", 9000, FakeApiServer.Pod("p2", "10.0.0.2")));
        List<string> seen = [];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await foreach (var (type, slice) in client.DiscoveryV1.WatchListNamespacedEndpointSliceAsync(
            "chat", labelSelector: "kubernetes.io/service-name=user", resourceVersion: list.ResourceVersion(), cancellationToken: limit.Token))
        {
            seen.Add($"{type} {slice.Name()}");
            if (seen.Count == 1)
            {
                sut.Remove("user-a");
            }
            else
            {
                sut.CloseWatches();
            }
        }

        Assert.That(seen, Is.EqualTo(new[] { "Added user-b", "Deleted user-a" }));
    }
}
