using Gateway.Proxy.Destinations;
using Gateway.Proxy.Discovery;
using Gateway.Proxy.Discovery.Kubernetes;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace Gateway.Tests.Proxy.Destinations;

/// <summary>When calls stay in the gateway's zone, which is <c>a</c>. A destination is written as its zone.</summary>
internal sealed class ZoneFirstTests
{
    private readonly ZoneFirst _sut = new(Options.Create(new KubernetesOptions { PreferZone = true, Zone = "a" }));

    [TestCase("aabbcc", "aabbcc", "aa", "Its own are used")]
    [TestCase("aabbcc", "abbcc", "a", "Half as many as expected are enough")]
    [TestCase("aabbcc", "bbcc", "bbcc", "None is left")]
    [TestCase("aaaabbbb", "abbbb", "abbbb", "A quarter is not enough")]
    [TestCase("abbbbbbb", "abbbbbbb", "abbbbbbb", "One would be overrun by the calls of half the gateways")]
    [TestCase("aaabbbbb", "aaabbbbb", "aaa", "A little fewer than the others are enough")]
    [TestCase("aaaa", "aa", "aa", "There is one zone")]
    [TestCase("bbcc", "bbcc", "bbcc", "There is none in it")]
    [TestCase("aab--", "aab--", "aa", "Without a zone is elsewhere")]
    public void Prefer_KeepsToTheZone_WhileEnoughAreWell(string all, string available, string expected, string why)
    {
        var destinations = all.Select(Destination).ToList();
        List<DestinationState> left = [.. destinations];
        List<DestinationState> well = [];
        foreach (var zone in available)
        {
            var next = left.First(destination => Zone(destination) == zone);
            left.Remove(next);
            well.Add(next);
        }

        Assert.That(string.Concat(_sut.Prefer(well, destinations).Select(Zone)), Is.EqualTo(expected), why);
    }

    /// <summary>When most look bad, all may be used. That is no reason to keep to those in the zone that do.</summary>
    [TestCase("aab", 2, "aab", "None in the zone is well")]
    [TestCase("aaab", 2, "a", "One that is well is enough")]
    public void Prefer_WhenAllAreUsed_CountsThoseThatAreWell(string all, int bad, string expected, string why)
    {
        DestinationState[] destinations = [.. all.Select(Destination)];
        foreach (var destination in destinations[..bad])
        {
            destination.Health.Passive = DestinationHealth.Unhealthy;
        }

        Assert.That(string.Concat(_sut.Prefer(destinations, destinations).Select(Zone)), Is.EqualTo(expected), why);
    }

    private static char Zone(DestinationState destination) => destination.Model.Config.Metadata?[DestinationResolver.ZoneKey][0] ?? '-';

    private static DestinationState Destination(char zone, int index) => new($"{zone}{index}", new DestinationModel(new DestinationConfig
    {
        Address = "http://10.0.0.1:80",
        Metadata = zone == '-' ? null : new Dictionary<string, string> { [DestinationResolver.ZoneKey] = $"{zone}" },
    }));
}
