using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Proxy.Tls;

/// <summary>How the gateway, as a client, knows the server and shows itself.</summary>
/// <param name="AuthorityFile">PEM certificates of those who may have issued the server's; empty: those the machine trusts.</param>
/// <param name="Own">The gateway's own certificate; null for none.</param>
internal sealed record ClientTls(string AuthorityFile, CertificateFiles? Own)
{
    public static ClientTls Of(string authorityFile, string certificateFile, string keyFile) =>
        new(authorityFile, certificateFile.Length > 0 ? new CertificateFiles(certificateFile, keyFile) : null);

    public bool IsSet => AuthorityFile.Length > 0 || Own is not null;

    /// <summary>What the files hold, byte for byte.</summary>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public string ReadText() => (AuthorityFile.Length > 0 ? File.ReadAllText(AuthorityFile) : "") + Own?.ReadText();

    /// <summary>What the files hold, for any number of connections.</summary>
    /// <exception cref="CryptographicException">The files hold something else, or the key is another certificate's.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public ClientCertificates Load() => new(AuthorityFile.Length > 0 ? LoadAuthorities() : null, Own?.LoadContext());

    /// <summary>Options for one connection, for which the files are read.</summary>
    /// <param name="host">The name the server's certificate has to hold; null where the caller of these options sets it.</param>
    public SslClientAuthenticationOptions Open(string? host = null) => Load().Open(host);

    /// <summary>Trusts whom the authorities of a file have issued a certificate, and nobody else.</summary>
    public static X509ChainPolicy PolicyOf(string authorityFile)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            // A private authority seldom answers for revocations.
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPemFile(authorityFile);
        return policy;
    }

    /// <summary>What is wrong with the files, a sentence each.</summary>
    /// <param name="subject">Whose files they are: a section, or a cluster.</param>
    /// <param name="keyFile">The setting KeyFile.</param>
    /// <param name="join">What stands between the subject and the name of a setting.</param>
    public IEnumerable<string> FindErrors(string subject, string keyFile, string join = ":")
    {
        if (AuthorityFile.Length > 0 && FindAuthorityProblem() is { } problem)
        {
            yield return $"{subject}{join}CertificateAuthorityFile is '{AuthorityFile}', which cannot be used ({problem}); put PEM certificates there.";
        }

        if (Own?.FindProblem() is { } ownProblem)
        {
            yield return $"{subject}: {ownProblem}.";
        }

        if (Own is null && keyFile.Length > 0)
        {
            yield return $"{subject}{join}KeyFile is '{keyFile}', but CertificateFile is empty; name the certificate that the key belongs to.";
        }
    }

    /// <summary>Why the files cannot be used, as the middle of a sentence.</summary>
    public string Describe(Exception exception) =>
        FindAuthorityProblem() is { } problem ? $"the certificates of authorities in '{AuthorityFile}' cannot be used ({problem}); put PEM certificates there"
        : Own?.Describe(exception) ?? exception.Message;

    private X509Certificate2Collection LoadAuthorities()
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(AuthorityFile);
        return all.Count > 0 ? all : throw new CryptographicException("it holds no certificate.");
    }

    private string? FindAuthorityProblem()
    {
        try
        {
            _ = AuthorityFile.Length > 0 ? LoadAuthorities() : null;
            return null;
        }
        catch (Exception exception) when (CertificateFiles.IsTrouble(exception))
        {
            return exception.Message.TrimEnd('.');
        }
    }
}

/// <summary>What the files of <see cref="ClientTls"/> hold.</summary>
/// <param name="Authorities">Those who may have issued the server's certificate; null: those the machine trusts.</param>
/// <param name="Own">The gateway's own certificate; null for none.</param>
internal sealed record ClientCertificates(X509Certificate2Collection? Authorities, SslStreamCertificateContext? Own)
{
    /// <summary>When the gateway's own certificate expires; null without one.</summary>
    public DateTimeOffset? Expires => Own?.TargetCertificate.NotAfter.ToUniversalTime();

    /// <summary>Options for one connection.</summary>
    /// <param name="host">The name the server's certificate has to hold; null where the caller of these options sets it.</param>
    public SslClientAuthenticationOptions Open(string? host)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host, ClientCertificateContext = Own };
        if (Authorities is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                // A private authority seldom answers for revocations.
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Authorities);
        }

        return options;
    }
}
