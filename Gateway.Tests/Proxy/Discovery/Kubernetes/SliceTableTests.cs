using Gateway.Proxy.Discovery.Kubernetes;

namespace Gateway.Tests.Proxy.Discovery.Kubernetes;

/// <summary>Which endpoints of a Service's slices get calls.</summary>
internal sealed class SliceTableTests
{
    private static readonly EndpointPort Grpc = new("grpc", "TCP", 9000);

    [Test]
    public void Conditions_OnlyReadyOnesAreUsed() => Assert.That(
        Addresses(Slice("a", Pod("1"), Pod("2", new(false, false, false)), Pod("3", new(false, true, true)), Pod("4", new(true, true, false)), Pod("5", new(null, null, null)), Pod("6", null))),
        Is.EqualTo(new[] { "http://10.0.0.1:9000", "http://10.0.0.4:9000", "http://10.0.0.5:9000", "http://10.0.0.6:9000" }), "Ready where nobody says otherwise");

    [Test]
    public void Conditions_NoneIsReady_ThoseThatEndAndStillServeAreUsed() => Assert.That(
        Addresses(Slice("a", Pod("1", new(false, false, true)), Pod("2", new(false, true, true)), Pod("3", new(false, true, false)), Pod("4", new(false, null, true)))),
        Is.EqualTo(new[] { "http://10.0.0.2:9000" }));

    [Test]
    public void Endpoint_InTwoSlices_CountsOnce_AndReadyIfOneSaysSo() => Assert.That(
        Addresses(Slice("a", Pod("1", new(false, false, false))), Slice("b", Pod("1"), Pod("2")), Slice("c", Pod("2"))),
        Is.EqualTo(new[] { "http://10.0.0.1:9000", "http://10.0.0.2:9000" }));

    [Test]
    public void DualStack_EachPodCountsOnce_ByItsIPv4Address() => Assert.That(
        Addresses(Slice("a", Pod("1"), Pod("2")), Slice("b", Six("1"), Six("2"), Six("3"))),
        Is.EqualTo(new[] { "http://10.0.0.1:9000", "http://10.0.0.2:9000", "http://[fd00::3]:9000" }), "A pod that has only the other family is not left out");

    [Test]
    public void DualStack_EndpointsThatAreNoPods_AreThoseOfIPv4() => Assert.That(
        Addresses(Slice("a", Pod("1") with { TargetRef = null }), Slice("b", Six("1") with { TargetRef = null })), Is.EqualTo(new[] { "http://10.0.0.1:9000" }));

    [Test]
    public void EndpointsThatAreNoPods_MayShareAnAddress() => Assert.That(
        Addresses(Slice("a", Pod("1") with { TargetRef = null }), Slice("b", Pod("1") with { TargetRef = null }) with { Ports = [Grpc with { Port = 9001 }] }),
        Is.EqualTo(new[] { "http://10.0.0.1:9000", "http://10.0.0.1:9001" }));

    [Test]
    public void SingleStackOfIPv6_IsUsed() => Assert.That(Addresses(Slice("b", Six("1"))), Is.EqualTo(new[] { "http://[fd00::1]:9000" }));

    [Test]
    public void Addresses_BeyondTheFirstAndOfOtherKinds_AreLeftOut()
    {
        Assert.That(Addresses(Slice("a", Pod("1") with { Addresses = ["10.0.0.1", "10.0.0.9"] }, Pod("2") with { Addresses = [] }, Pod("3") with { Addresses = ["rubbish"] })), Is.EqualTo(new[] { "http://10.0.0.1:9000" }));
        Assert.That(Addresses(Slice("a", Pod("1") with { Addresses = ["user.example"] }) with { AddressType = "FQDN" }), Is.Empty);
    }

    /// <summary>By name the number is that of each slice; by number it has to be one of the slice's, where the slice says any.</summary>
    [TestCase("grpc", "grpc:TCP:9000", "http://10.0.0.1:9000")]
    [TestCase("grpc", "http:TCP:80,grpc:TCP:7000", "http://10.0.0.1:7000")]
    [TestCase("grpc", "grpc:UDP:9000", null)]
    [TestCase("grpc", "grpc:TCP:", null)]
    [TestCase("grpc", "web:TCP:8080,http:TCP:80,:TCP:90", null, "; there is 'http' (80), 'web' (8080), 90")]
    [TestCase("grpc", "", null)]
    [TestCase("80", "http:TCP:80,grpc:TCP:7000", "http://10.0.0.1:80")]
    [TestCase("81", "http:TCP:80", null, "; there is 'http' (80)")]
    [TestCase("81", "http:TCP:", "http://10.0.0.1:81")]
    [TestCase("81", "", "http://10.0.0.1:81")]
    public void Port_ByNameOrNumber(string wanted, string ports, string? expected, string others = "")
    {
        var sut = new SliceTable(new KubernetesAddress("user", "chat", wanted));
        sut.Replace([Slice("a", Pod("1")) with
        {
            Ports = [.. ports.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(port => port.Split(':')).Select(port => new EndpointPort(port[0], port[1], port[2].Length > 0 ? int.Parse(port[2], null) : null))],
        }]);

        Assert.That(sut.Instances(out var problem).Select(instance => instance.Address).SingleOrDefault(), Is.EqualTo(expected));
        Assert.That(problem, expected is null ? Is.EqualTo($"none of them has a TCP port '{wanted}'{others}") : Is.Null);
    }

    [Test]
    public void Zone_IsThatOfTheEndpoint()
    {
        var sut = new SliceTable(new KubernetesAddress("user", "chat", "grpc"));
        sut.Replace([Slice("a", Pod("1") with { Zone = "a" }, Pod("2") with { Zone = "" })]);

        Assert.That(sut.Instances(out _).Select(instance => instance.Zone), Is.EqualTo(new[] { "a", null }));
    }

    [Test]
    public void EmptyObjects_AreNothing() => Assert.That(
        Addresses(new EndpointSlice(null, null, null, null), new EndpointSlice(new ObjectMeta("x", null), "IPv4", null, null), new EndpointSlice(new ObjectMeta("y", null), "IPv4", [new Endpoint(null, null, null, null)], [])), Is.Empty);

    private static string[] Addresses(params EndpointSlice[] slices)
    {
        var sut = new SliceTable(new KubernetesAddress("user", "chat", "grpc"));
        sut.Replace(slices);
        return [.. sut.Instances(out _).Select(instance => instance.Address).Order(StringComparer.Ordinal)];
    }

    private static EndpointSlice Slice(string name, params Endpoint[] endpoints) =>
        new(new ObjectMeta(name, "1"), endpoints.Any(endpoint => endpoint.Addresses is [['f', 'd', ..], ..]) ? "IPv6" : "IPv4", endpoints, [Grpc]);

    private static Endpoint Pod(string id) => Pod(id, new(true, true, false));

    private static Endpoint Pod(string id, EndpointConditions? conditions) => new([$"10.0.0.{id}"], conditions, new ObjectReference($"pod-{id}", $"uid-{id}"), null);

    private static Endpoint Six(string id) => Pod(id) with { Addresses = [$"fd00::{id}"] };
}
