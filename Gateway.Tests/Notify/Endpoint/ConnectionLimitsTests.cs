using System.Net;
using Gateway.Notify;
using Gateway.Notify.Endpoint;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Notify.Endpoint;

/// <summary>What counts as one address.</summary>
[TestFixture]
internal sealed class ConnectionLimitsTests
{
    [TestCase("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", false)]
    [TestCase("2001:db8:1:2::1", "2001:db8:1:3::1", true)]
    [TestCase("192.0.2.1", "::ffff:192.0.2.1", false)]
    [TestCase("192.0.2.1", "192.0.2.2", true)]
    [TestCase("::ffff:192.0.2.1", "::ffff:192.0.2.2", true)]
    public void TryEnter_OfIPv6EachSixtyFour_OfIPv4EachAddress(string first, string second, bool isAnother)
    {
        var sut = new ConnectionLimits(Options.Create(new NotifyOptions { MaxConnectionsPerAddress = 1 }));
        var held = sut.TryEnter(IPAddress.Parse(first))!;

        using (var other = sut.TryEnter(IPAddress.Parse(second)))
        {
            Assert.That(other is not null, Is.EqualTo(isAnother));
        }

        held.Dispose();
        using var again = sut.TryEnter(IPAddress.Parse(second));
        Assert.That(again, Is.Not.Null, "It is given back where it was taken");
    }
}
