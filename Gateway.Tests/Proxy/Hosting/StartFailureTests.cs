using Gateway.Proxy.Hosting;
using Gateway.Proxy.Settings;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Hosting;

[TestFixture]
internal sealed class StartFailureTests
{
    [Test]
    public void Describe_ConfigurationRefused_IsItsSentences() =>
        Assert.That(StartFailure.Describe(new ConfigurationRefusedException(["one.", "two."])), Is.EqualTo(new[] { "one.", "two." }));

    [Test]
    public void Describe_OptionsInvalid_IsTheirSentences() =>
        Assert.That(StartFailure.Describe(new OptionsValidationException("", typeof(ListenOptions), ["one.", "two."])), Is.EqualTo(new[] { "one.", "two." }));

    [Test]
    public void Describe_SeveralOptionsInvalid_IsTheSentencesOfAll() => Assert.That(
        StartFailure.Describe(new AggregateException(
            new OptionsValidationException("", typeof(ListenOptions), ["one."]), new OptionsValidationException("", typeof(CorsSettings), ["two."]))),
        Is.EqualTo(new[] { "one.", "two." }));

    [Test]
    public void Describe_PortTaken_SaysWhatToDo() => Assert.That(
        StartFailure.Describe(new IOException("Failed to bind to address http://0.0.0.0:9000: address already in use.", new AddressInUseException("in use"))),
        Is.EqualTo(new[]
        {
            "Failed to bind to address http://0.0.0.0:9000: address already in use. Stop what listens there, or set Gateway:Listen, Gateway:Tls, Gateway:Push or Gateway:Management to other ports.",
        }));

    [Test]
    public void Describe_AnythingElse_IsLeftToItsStackTrace()
    {
        Assert.That(StartFailure.Describe(new IOException("disk")), Is.Null);
        Assert.That(StartFailure.Describe(new InvalidOperationException("defect")), Is.Null);
        Assert.That(
            StartFailure.Describe(new AggregateException(
                new OptionsValidationException("", typeof(ListenOptions), ["one."]), new InvalidOperationException("defect"))),
            Is.Null);
    }
}
