using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gateway.Tests.Support;

/// <summary>A certificate authority of a test's own, with a folder for what it issues.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly X509Certificate2 _root;

    public TestAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=authority of a test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        _root = request.CreateSelfSigned(Now.AddDays(-2), Now.AddDays(400));
        File = Write("ca.crt", _root.ExportCertificatePem());
    }

    /// <summary>The PEM file with the authority's own certificate.</summary>
    public string File { get; }

    public string Folder { get; } = Directory.CreateTempSubdirectory("gateway-certificates-").FullName;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>A certificate for 127.0.0.1 and localhost, or another host, and its key, both as PEM. Of a negative lifetime it has expired.</summary>
    public (string Certificate, string Key) Issue(string name, TimeSpan? lifetime = null, string? host = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host ?? "localhost");
        if (host is null)
        {
            names.AddIpAddress(IPAddress.Loopback);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using var issued = request.Create(_root, Now.AddDays(-1), Now + (lifetime ?? TimeSpan.FromDays(90)), RandomNumberGenerator.GetBytes(8));
        return (issued.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The same, written to files.</summary>
    public (string Certificate, string Key) IssueFiles(string name)
    {
        var (certificate, key) = Issue(name);
        return (Write($"{name}.crt", certificate), Write($"{name}.key", key));
    }

    /// <summary>The same, for a server of the test's own.</summary>
    public X509Certificate2 IssueServer(string name, TimeSpan? lifetime = null, string? host = null)
    {
        var (certificate, key) = Issue(name, lifetime, host);
        using var pem = X509Certificate2.CreateFromPem(certificate, key);
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pfx), null);
    }

    /// <summary>Makes a server let in only those who show a certificate of this authority.</summary>
    public void Require(HttpsConnectionAdapterOptions options, Action<string>? seen = null)
    {
        options.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        options.ClientCertificateValidation = (shown, _, _) =>
        {
            seen?.Invoke(shown.Subject);
            return Validates(shown, SslPolicyErrors.None);
        };
    }

    /// <summary>Whether a server's certificate is one of this authority, for the name it was asked by.</summary>
    public bool Validates(X509Certificate? certificate, SslPolicyErrors errors)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(_root);
        return !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) && certificate is X509Certificate2 shown && chain.Build(shown);
    }

    /// <summary>With these a test's own client trusts the authority, and shows a certificate of it.</summary>
    public SslClientAuthenticationOptions ClientOptions()
    {
        var (certificate, key) = Issue("test");
        return new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            RemoteCertificateValidationCallback = (_, shown, _, errors) => Validates(shown, errors),
            ClientCertificates = [X509Certificate2.CreateFromPem(certificate, key)],
        };
    }

    public void Dispose()
    {
        _root.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }
}
