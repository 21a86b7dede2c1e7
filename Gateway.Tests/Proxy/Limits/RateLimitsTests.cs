using System.Net;
using Gateway.Proxy.Limits;

namespace Gateway.Tests.Proxy.Limits;

[TestFixture]
internal sealed class RateLimitsTests
{
    [Test]
    public void RateLimits_OutOfBounds_AreRefusedOneByOne() => Assert.That(
        new RateLimitsValidator().Validate(null, new RateLimits
        {
            ["login"] = new RateLimit { Window = TimeSpan.Zero, QueueLimit = -1 },
            ["send"] = new RateLimit { Permit = 1, Shared = true, QueueLimit = 1 },
            ["number"] = new RateLimit { Permit = 1, Per = LimitScope.Field, QueueLimit = 1, Shared = true },
            ["half"] = new RateLimit { Permit = 1, Field = "phone_number" },
            ["good"] = new RateLimit { Permit = 1 },
        }).Failures,
        Is.EquivalentTo(new[]
        {
            "Gateway:RateLimits:login:Permit is 0; use 1 to 1000000 requests.",
            "Gateway:RateLimits:login:Window is '00:00:00'; use '00:00:01' to '1.00:00:00'.",
            "Gateway:RateLimits:login:QueueLimit is -1; use 0 to 10000.",
            "Gateway:RateLimits:send:QueueLimit is 1 beside 'Shared'; nobody can wait for a shared limit, so use 0.",
            "Gateway:RateLimits:number:Per is 'Field', but Field is empty; name a field of the request, as 'phone_number'.",
            "Gateway:RateLimits:number:QueueLimit is 1 beside 'Field'; nobody can wait for a limit by field, so use 0.",
            "Gateway:RateLimits:half:Field is 'phone_number', but Per is 'Address'; set Per to 'Field', or leave Field out.",
        }));

    [TestCase("10.1.2.3", "10.1.2.3")]
    [TestCase("::ffff:10.1.2.3", "10.1.2.3")]
    [TestCase("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [TestCase("::1", "::/64")]
    public void Partition_OfAnAddress_IsOneClient(string address, string partition) =>
        Assert.That(LimitPartition.Of(IPAddress.Parse(address)), Is.EqualTo(partition));
}
