using System.Net;
using Gateway.Proxy.Discovery.Dns;
using Gateway.Tests.Support;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Proxy.Discovery.Dns;

/// <summary>DNS servers that are wrong, foreign, or not named.</summary>
internal sealed class DnsTroubleTests
{
    private const string Name = "dns://user.test:9000";

    private RecordingLoggerProvider _logs = null!;
    private DnsSource? _sut;

    [SetUp]
    public void SetUp() => _logs = new RecordingLoggerProvider();

    [TearDown]
    public async Task TearDownAsync()
    {
        await _sut!.StopAsync(CancellationToken.None).DefaultTimeout();
        _sut.Dispose();
        Assert.That(_logs.Entries.Where(entry => entry.Exception is not null), Is.Empty, "Unexpected failures were logged");
        _logs.Dispose();
    }

    [Test]
    public async Task Servers_NotNamed_AreThoseOfTheSystem()
    {
        Follow("");

        // Whether there are any, and what they say of this name, is up to the machine.
        await Eventually.That(() => _logs.Entries.Any(entry => entry.EventId.Id is 1140 or 1141));
        Assert.That(_logs.Entries[0].Message, Does.Not.Contain("an answer cannot be used"));
    }

    [Test]
    public async Task Servers_AreAskedInTheirOrder()
    {
        using var first = new FakeDnsServer(question => FakeDnsServer.With(question, IPAddress.Parse("10.0.0.1")));
        using var second = new FakeDnsServer(question => FakeDnsServer.With(question, IPAddress.Parse("10.0.0.2")));
        Follow($"{first.Address},{second.Address}");

        await Eventually.That(() => first.Questions >= 8);

        Assert.That(second.Questions, Is.Zero);
        Assert.That(Addresses(), Is.EqualTo(new[] { "http://10.0.0.1:9000" }));
    }

    [Test]
    public async Task AnswerToAnotherQuestion_IsNone()
    {
        using var server = new FakeDnsServer(question =>
        {
            var answer = FakeDnsServer.With(question, IPAddress.Parse("10.0.0.1"));
            answer[0] ^= 1;
            return answer;
        });
        Follow(server.Address);

        await Eventually.That(() => _logs.Entries.Any(entry => entry.EventId.Id == 1141));

        Assert.That(_logs.Entries.Single(entry => entry.EventId.Id == 1141).Message, Does.Contain("an answer cannot be used (DnsXidMismatchException)"));
        Assert.That(Addresses(), Is.Empty);
    }

    /// <summary>As block lists answer: nobody can be called there, and at the first the gateway would call its own machine.</summary>
    [TestCase("0.0.0.0")]
    [TestCase("255.255.255.255")]
    [TestCase("224.0.0.1")]
    public async Task AddressOfNobody_IsNone(string address)
    {
        using var server = new FakeDnsServer(question => FakeDnsServer.With(question, IPAddress.Parse(address)));
        Follow(server.Address);

        await Eventually.That(() => _sut!.Registry.Status.Synced);

        Assert.That(Addresses(), Is.Empty);
    }

    private void Follow(string servers)
    {
        var options = new DnsOptions { Servers = servers, Refresh = TimeSpan.FromMilliseconds(100), Timeout = TimeSpan.FromSeconds(1) };
        _sut = new DnsSource(Options.Create(options), TimeProvider.System, _logs.CreateLogger<DnsSource>());
        _sut.Follow(Name);
    }

    private string[] Addresses() => [.. _sut!.Registry.Current.Instances(Name).Select(instance => instance.Address)];
}
