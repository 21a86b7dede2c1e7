using Gateway.Proxy.Settings;
using Gateway.Tests.Support;

namespace Gateway.Tests.Functional.Resilience;

/// <summary>Instances are asked how they are, where the cluster says so.</summary>
[TestFixture]
internal sealed class GrpcHealthTests : InstancesTest
{
    private const string HealthPath = "/grpc.health.v1.Health/Check";

    private static readonly byte[] Serving = [8, 1];
    private static readonly byte[] NotServing = [8, 2];

    protected override Dictionary<string, string?> Settings => new()
    {
        ["ReverseProxy:Clusters:user:HealthCheck:Active:Enabled"] = "true",
        ["ReverseProxy:Clusters:user:HealthCheck:Active:Policy"] = "GrpcHealth",
        ["ReverseProxy:Clusters:user:HealthCheck:Active:Interval"] = "00:00:00.050",
        ["ReverseProxy:Clusters:user:HealthCheck:Active:Timeout"] = "00:00:00.500",
    };

    [Test]
    public async Task Instance_SaysItDoesNotServe_IsOutUntilItSaysOtherwise()
    {
        Health(Instances[0], NotServing);
        Health(Instances[1], Serving);
        Health(Instances[2], Serving);

        await Eventually.That(() => Available == 2);
        Assert.That(await CallAsync(6), Has.All.Empty);
        Assert.That(Instances[0].Calls.Select(call => call.Path), Has.All.EqualTo(HealthPath));
        Assert.That(Instances[0].LastCall.Body, Is.EqualTo(new byte[5]), "The empty message in a frame");

        Health(Instances[0], Serving);
        await Eventually.That(() => Available == 3);
    }

    [Test]
    public async Task Instance_DoesNotOfferIt_IsHealthy()
    {
        foreach (var instance in Instances)
        {
            instance.Fail(12, "unknown service");
        }

        await Eventually.That(() => Instances.All(instance => instance.Calls.Count > 3));

        // A probe that a busy machine answers too late counts as well, until the next one.
        await Eventually.That(() => Cluster.DestinationsState.AllDestinations.All(destination => destination.Health.Active == Yarp.ReverseProxy.Model.DestinationHealth.Healthy));
        Assert.That(Available, Is.EqualTo(3));
    }

    [Test]
    public async Task Instance_DoesNotAnswer_IsOut()
    {
        Instances[0].Hold();
        Health(Instances[1], Serving);
        Health(Instances[2], Serving);

        await Eventually.That(() => Available == 2);
    }

    [TestCase("http")]
    [TestCase("brpc")]
    public async Task Policy_OfAClusterThatDoesNotSpeakGrpc_IsRefused(string protocol)
    {
        var refused = (await Assert.ThrowsAsync<ConfigurationRefusedException>(() => GatewayFixture.StartAsync(
            Instances[0].Address, new(Settings) { [Metadata + "Protocol"] = protocol })))!;

        Assert.That(refused.Errors.Single(), Does.StartWith(
            $"Cluster 'user': HealthCheck:Active:Policy is 'GrpcHealth', but metadata 'Protocol' is '{protocol}'; "
                + "use 'ConsecutiveFailures' with a 'Path', or have the cluster speak gRPC ("));
    }

    private static void Health(StubSubService instance, byte[] health) => instance.OnCall = (context, call) =>
        StubSubService.AnswerAsync(context, call.Path == HealthPath ? health : []);
}
