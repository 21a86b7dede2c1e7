using Gateway.Transforms.Schema;

namespace Gateway.Tests.Transforms.Schema;

[TestFixture]
internal sealed class NearestNameTests
{
    private static readonly string[] Known = ["Timeout", "TimeoutPolicy", "Order", "Match"];

    [TestCase("Timeuot", "Timeout")]
    [TestCase("timeOut", "Timeout")]
    [TestCase("TimeoutPolicies", "TimeoutPolicy")]
    [TestCase("Oder", "Order")]
    [TestCase("Matches", null)]
    [TestCase("Path", null)]
    [TestCase("", null)]
    public void Of_Name_IsTheNearestIfAny(string name, string? expected) => Assert.That(NearestName.Of(name, Known), Is.EqualTo(expected));

    [Test]
    public void Of_NothingKnown_IsNull() => Assert.That(NearestName.Of("Order", []), Is.Null);
}
