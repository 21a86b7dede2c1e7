using Gateway.Proxy;
using Gateway.Proxy.Hosting;
using Gateway.Proxy.Push;
using Gateway.Proxy.Settings;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
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

    [TestCase("http://0.0.0.0:9003", "Gateway:Push:Port to another port")]
    [TestCase("https://[::]:9003", "Gateway:Push:Port to another port")]
    [TestCase("http://127.0.0.1:9002", "Gateway:Management:Port to another port")]
    [TestCase("http://0.0.0.0:9444", "Gateway:Listen, Gateway:Tls, Gateway:Push or Gateway:Management to other ports", Description = "No TLS is used")]
    [TestCase("http://0.0.0.0:9000", "Gateway:Listen:HttpPort or Gateway:Push:JsonPort to another port", Description = "Both want it")]
    public void Describe_PortTaken_NamesItsSetting(string address, string expected)
    {
        using var services = new ServiceCollection().AddOptions()
            .Configure<PushOptions>(push => (push.Port, push.JsonPort) = (9003, 9000))
            .BuildServiceProvider();

        Assert.That(
            StartFailure.Describe(new IOException($"Failed to bind to address {address}: address already in use.", new AddressInUseException("in use")), PortSettings.Of(services)),
            Is.EqualTo(new[] { $"Failed to bind to address {address}: address already in use. Stop what listens there, or set {expected}." }));
    }

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
