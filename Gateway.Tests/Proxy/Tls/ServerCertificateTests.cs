using System.Diagnostics.Metrics;
using Gateway.Proxy.Tls;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Proxy.Tls;

[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ServerCertificateTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly RecordingLoggerProvider _log = new();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly string _certificate;
    private readonly string _key;
    private readonly ServerCertificate _sut;

    public ServerCertificateTests()
    {
        (_certificate, _key) = _authority.IssueFiles("server");
        var options = Options.Create(new TlsOptions { CertificateFile = _certificate, KeyFile = _key });
        _sut = new ServerCertificate(options, new TlsMetrics(_services.GetRequiredService<IMeterFactory>()), _time, _log.CreateLogger<ServerCertificate>());
        _sut.Start();
    }

    public void Dispose()
    {
        _services.Dispose();
        _authority.Dispose();
    }

    [Test]
    public void Check_NothingChanged_KeepsWhatIsInUse()
    {
        var before = _sut.Context;

        _sut.Check();

        Assert.That(_sut.Context, Is.SameAs(before));
        Assert.That(_log.Entries, Is.Empty);
    }

    [Test]
    public void Check_BetweenTheTwoFilesOfAChange_SaysNothing()
    {
        var (certificate, key) = _authority.Issue("next");
        File.WriteAllText(_certificate, certificate);
        _sut.Check();
        File.WriteAllText(_key, key);
        _sut.Check();

        Assert.That(_sut.Problem, Is.Null);
        Assert.That(_sut.Context.TargetCertificate.Subject, Is.EqualTo("CN=next"));
        Assert.That(_log.Entries.Select(entry => entry.EventId.Name), Is.EqualTo(new[] { "CertificateReplaced" }));
    }

    [TestCase("")]
    [TestCase("no PEM")]
    public void Check_FileThatIsNoCertificate_IsToldOnceItStays(string text)
    {
        File.WriteAllText(_certificate, text);
        for (var i = 0; i < 5; i++)
        {
            _sut.Check();
        }

        Assert.That(_sut.Problem, Does.StartWith($"the certificate '{_certificate}' with the key '{_key}' cannot be used ("));
        Assert.That(_sut.Context.TargetCertificate.Subject, Is.EqualTo("CN=server"));
        Assert.That(_log.Named("CertificateRefused"), Has.Count.EqualTo(1));
    }

    [Test]
    public void Check_FileGone_IsToldOnceItStays()
    {
        File.Delete(_key);
        _sut.Check();
        Assert.That(_sut.Problem, Is.Null);

        _sut.Check();

        Assert.That(_sut.Problem, Does.Contain(_key));
    }

    [Test]
    public void Check_MistakeTakenBack_IsForgotten()
    {
        var good = File.ReadAllText(_certificate);
        File.WriteAllText(_certificate, "no PEM");
        _sut.Check();
        _sut.Check();

        File.WriteAllText(_certificate, good);
        _sut.Check();

        Assert.That(_sut.Problem, Is.Null);
    }

    [Test]
    public void Check_AboutToExpire_WarnsOnceADay()
    {
        _sut.Check();
        Assert.That((_sut.ExpiresSoon, _log.Entries.Count), Is.EqualTo((false, 0)));

        _time.Advance(TimeSpan.FromDays(80));
        _sut.Check();
        _time.Advance(TimeSpan.FromHours(23));
        _sut.Check();
        Assert.That(_log.Named("CertificateExpires"), Has.Count.EqualTo(1));

        _time.Advance(TimeSpan.FromHours(1));
        _sut.Check();
        Assert.That(_log.Named("CertificateExpires"), Has.Count.EqualTo(2));
        Assert.That(_sut.ExpiresSoon, Is.True);
    }

    [Test]
    public void Metrics_TellTheExpiry_AndHowChangesEnded()
    {
        var results = new List<string>();
        long expires = 0;
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => EnableOwn(instrument, l) };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (instrument.Name == "gateway.tls.reloads")
            {
                results.Add($"{tags[0].Value}");
            }
            else
            {
                expires = value;
            }
        });
        listener.Start();

        var (certificate, key) = _authority.Issue("next");
        File.WriteAllText(_certificate, certificate);
        _sut.Check();
        _sut.Check();
        File.WriteAllText(_key, key);
        _sut.Check();
        listener.RecordObservableInstruments();

        Assert.That(results, Is.EqualTo(new[] { "refused", "applied" }));
        Assert.That(expires, Is.EqualTo(_sut.Expires!.Value.ToUnixTimeSeconds()));
    }

    private void EnableOwn(Instrument instrument, MeterListener listener)
    {
        if (instrument.Name.StartsWith("gateway.tls.", StringComparison.Ordinal)
            && ReferenceEquals(instrument.Meter.Scope, _services.GetRequiredService<IMeterFactory>()))
        {
            listener.EnableMeasurementEvents(instrument);
        }
    }
}
