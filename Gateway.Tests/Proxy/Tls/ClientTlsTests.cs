using Gateway.Proxy.Discovery.Etcd;
using Gateway.Proxy.Redis;
using Gateway.Tests.Support;

namespace Gateway.Tests.Proxy.Tls;

/// <summary>Mistakes in the certificates and passwords towards etcd and Redis.</summary>
[TestFixture]
internal sealed class ClientTlsTests
{
    [Test]
    public void Etcd_Defaults_AreWithoutTlsAndPassword()
    {
        var sut = new EtcdOptions();

        Assert.That((sut.CertificateAuthorityFile, sut.CertificateFile, sut.KeyFile, sut.User, sut.Password, sut.PasswordFile), Is.EqualTo(("", "", "", "", "", "")));
        Assert.That(sut.Tls.IsSet, Is.False);
    }

    [Test]
    public void Etcd_FilesMissing_AreNamed() => Assert.That(
        Errors(new EtcdOptions { Endpoints = "https://e:2379", CertificateAuthorityFile = "/no/ca", CertificateFile = "/no/crt", User = "u", PasswordFile = "/no/password" }),
        Has.Exactly(3).Items
            .And.Some.StartsWith("Gateway:Etcd:CertificateAuthorityFile is '/no/ca', which cannot be used (")
            .And.Some.StartsWith("Gateway:Etcd: the certificate '/no/crt' with the key '/no/crt' cannot be used (")
            .And.Some.StartsWith("Gateway:Etcd:PasswordFile is '/no/password', which cannot be read ("));

    [Test]
    public void Etcd_CertificatesWithoutHttps_AreRefused()
    {
        using var authority = new TestAuthority();

        Assert.That(Errors(new EtcdOptions { Endpoints = "https://a:1,http://b:1", CertificateAuthorityFile = authority.File }), Is.EqualTo(new[]
        {
            "Gateway:Etcd:Endpoints holds 'http://b:1', but there are certificates for TLS; write 'https://', or leave them out.",
        }));
    }

    [Test]
    public void Etcd_PasswordWithoutAUser_IsRefused() => Assert.That(Errors(new EtcdOptions { Password = "p" }), Is.EqualTo(new[]
    {
        "Gateway:Etcd has a password, but User is empty; name the user it belongs to.",
    }));

    [Test]
    public void Redis_KeyWithoutACertificate_IsRefused() => Assert.That(Errors(new RedisOptions { KeyFile = "/k" }), Is.EqualTo(new[]
    {
        "Gateway:Redis:KeyFile is '/k', but CertificateFile is empty; name the certificate that the key belongs to.",
    }));

    [Test]
    public void Redis_CertificatesWithoutSsl_AreRefused()
    {
        using var authority = new TestAuthority();

        Assert.That(Errors(new RedisOptions { CertificateAuthorityFile = authority.File }), Is.EqualTo(new[]
        {
            "Gateway:Redis has certificates for TLS, but its Configuration does not say 'ssl=true'; add it, or leave them out.",
        }));
    }

    [Test]
    public void Redis_EmptyPasswordFile_IsRefused()
    {
        using var folder = new SecretFolder();
        folder.Swap(("password", " \n"));

        Assert.That(Errors(new RedisOptions { PasswordFile = folder.PathOf("password") }), Is.EqualTo(new[]
        {
            $"Gateway:Redis:PasswordFile is '{folder.PathOf("password")}', which is empty; write the secret into it, or leave the setting out.",
        }));
    }

    private static IEnumerable<string> Errors(EtcdOptions options) => new EtcdOptionsValidator().Validate(null, options).Failures ?? [];

    private static IEnumerable<string> Errors(RedisOptions options) => new RedisOptionsValidator().Validate(null, options).Failures ?? [];
}
