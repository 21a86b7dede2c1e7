using Gateway.Transforms.Events;

namespace Gateway.Tests.Transforms.Events;

[TestFixture]
internal sealed class EventOptionsTests
{
    [Test]
    public void Defaults_AreValid()
    {
        var sut = new EventOptions();

        Assert.That(Errors(sut), Is.Empty);
        Assert.That((sut.LookUpTimeout, sut.PublishTimeout), Is.EqualTo((TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1))));
    }

    [TestCase("00:00:00.0100000")]
    [TestCase("00:00:10")]
    public void Timeouts_AtTheBounds_AreValid(string value) =>
        Assert.That(Errors(new EventOptions { LookUpTimeout = TimeSpan.Parse(value, null), PublishTimeout = TimeSpan.Parse(value, null) }), Is.Empty);

    [TestCase("00:00:00.0099999")]
    [TestCase("00:00:10.0000001")]
    [TestCase("-00:00:01")]
    public void Timeouts_OutOfRange_AreRefused(string value) =>
        Assert.That(Errors(new EventOptions { LookUpTimeout = TimeSpan.Parse(value, null), PublishTimeout = TimeSpan.Parse(value, null) }), Is.EqualTo(new[]
        {
            $"Gateway:Events:LookUpTimeout is '{value}'; use '00:00:00.0100000' to '00:00:10'.",
            $"Gateway:Events:PublishTimeout is '{value}'; use '00:00:00.0100000' to '00:00:10'.",
        }));

    private static IEnumerable<string> Errors(EventOptions options) => new EventOptionsValidator().Validate(null, options).Failures ?? [];
}
