using Gateway.Proxy.Tls;
using Gateway.Tests.Support;

namespace Gateway.Tests.Proxy.Tls;

[TestFixture]
internal sealed class TlsOptionsTests
{
    [Test]
    public void Defaults_AreValidAndWithoutTls()
    {
        var sut = new TlsOptions();

        Assert.That(Errors(sut), Is.Empty);
        Assert.That((sut.IsUsed, sut.CertificateFile, sut.KeyFile, sut.HttpPort, sut.WebSocketPort), Is.EqualTo((false, "", "", 9443, 9444)));
    }

    [Test]
    public void Files_InTwoOrInOne_AreValid()
    {
        using var authority = new TestAuthority();
        var (certificate, key) = authority.IssueFiles("server");
        var both = Path.Combine(authority.Folder, "both.pem");
        File.WriteAllText(both, File.ReadAllText(certificate) + "\n" + File.ReadAllText(key));

        Assert.That(Errors(new TlsOptions { CertificateFile = certificate, KeyFile = key }), Is.Empty);
        Assert.That(Errors(new TlsOptions { CertificateFile = both }), Is.Empty);
    }

    [Test]
    public void Certificate_Missing_IsRefused() => Assert.That(Errors(new TlsOptions { CertificateFile = "/no/such.crt" }).Single(), Is.EqualTo(
        "Gateway:Tls: the certificate '/no/such.crt' with the key '/no/such.crt' cannot be used (Could not find a part of the path '/no/such.crt'); put a PEM certificate and the PEM key that belongs to it there."));

    [Test]
    public void Key_WithoutACertificate_IsRefused() => Assert.That(Errors(new TlsOptions { KeyFile = "/k" }), Is.EqualTo(new[]
    {
        "Gateway:Tls:KeyFile is '/k', but CertificateFile is empty; name the certificate that the key belongs to.",
    }));

    [Test]
    public void Ports_OutOfRange_AreRefused() => Assert.That(Errors(new TlsOptions { HttpPort = -1, WebSocketPort = 65536 }), Is.EqualTo(new[]
    {
        "Gateway:Tls:HttpPort is -1; use 1 to 65535, or 0 for any free port.",
        "Gateway:Tls:WebSocketPort is 65536; use 1 to 65535, or 0 for any free port.",
    }));

    private static IEnumerable<string> Errors(TlsOptions options) => new TlsOptionsValidator().Validate(null, options).Failures ?? [];
}
