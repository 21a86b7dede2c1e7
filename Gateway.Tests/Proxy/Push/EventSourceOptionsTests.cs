using Gateway.Proxy.Push.Source;

namespace Gateway.Tests.Proxy.Push;

[TestFixture]
internal sealed class EventSourceOptionsTests
{
    [Test]
    public void Defaults_ReadNothing_AndAreValid()
    {
        Assert.That((new EventSourceOptions().Channels, new EventSourceOptions().Stream), Is.EqualTo(("", "")));
        Assert.That(Errors(new EventSourceOptions()), Is.Empty);
    }

    [TestCase("z:notify:{user_id}", true)]
    [TestCase("z:{user_id}:notify", true)]
    [TestCase("z:notify", false)]
    [TestCase("{user_id}", false)]
    [TestCase("z:{user_id}:{user_id}", false)]
    public void Channels_HaveTheUserInThemOnce_AndSomethingBefore(string channels, bool isValid) => Assert.That(
        Errors(new EventSourceOptions { Channels = channels }),
        Is.EqualTo(isValid ? [] : new[] { $"Gateway:EventSource:Channels is '{channels}'; write a name with '{{user_id}}' in it once, and something before that, as 'z:notify:{{user_id}}'." }));

    [Test]
    public void Mistakes_AreNamedWithTheCure() => Assert.Multiple(() =>
    {
        Assert.That(Errors(new EventSourceOptions { Group = "" }), Is.EqualTo(new[] { "Gateway:EventSource:Group is empty; name the consumer group of the gateways, as 'gateway'." }));
        Assert.That(Errors(new EventSourceOptions { Batch = 0 }), Is.EqualTo(new[] { "Gateway:EventSource:Batch is 0; use 1 to 1000." }));
        Assert.That(Errors(new EventSourceOptions { ClaimAfter = TimeSpan.Zero }), Is.EqualTo(new[] { "Gateway:EventSource:ClaimAfter is '00:00:00'; use '00:00:01' to '01:00:00'." }));
    });

    private static IEnumerable<string> Errors(EventSourceOptions options) => new EventSourceOptionsValidator().Validate(null, options).Failures ?? [];
}
