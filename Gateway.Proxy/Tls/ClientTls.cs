using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Proxy.Tls;

/// <summary>How the gateway, as a client of etcd or Redis, knows the server and shows itself. The files are read for each connection.</summary>
/// <param name="AuthorityFile">PEM certificates of those who may have issued the server's; empty: those the machine trusts.</param>
/// <param name="Own">The gateway's own certificate; null for none.</param>
internal sealed record ClientTls(string AuthorityFile, CertificateFiles? Own)
{
    public static ClientTls Of(string authorityFile, string certificateFile, string keyFile) =>
        new(authorityFile, certificateFile.Length > 0 ? new CertificateFiles(certificateFile, keyFile) : null);

    public bool IsSet => AuthorityFile.Length > 0 || Own is not null;

    /// <summary>Options for one connection.</summary>
    /// <param name="host">The name the server's certificate has to hold; null where the caller of these options sets it.</param>
    public SslClientAuthenticationOptions Open(string? host = null)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        if (AuthorityFile.Length > 0)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                // A private authority seldom answers for revocations.
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(AuthorityFile);
        }

        if (Own is not null)
        {
            var own = Own.Load();
            options.ClientCertificateContext = SslStreamCertificateContext.Create(own[0], [.. own.Skip(1)], offline: true);
        }

        return options;
    }

    /// <summary>What is wrong with the files, a sentence each.</summary>
    public IEnumerable<string> FindErrors(string section, string keyFile)
    {
        if (AuthorityFile.Length > 0 && FindAuthorityProblem() is { } problem)
        {
            yield return $"{section}:CertificateAuthorityFile is '{AuthorityFile}', which cannot be used ({problem}); put PEM certificates there.";
        }

        if (Own?.FindProblem() is { } ownProblem)
        {
            yield return $"{section}: {ownProblem}.";
        }

        if (Own is null && keyFile.Length > 0)
        {
            yield return $"{section}:KeyFile is '{keyFile}', but CertificateFile is empty; name the certificate that the key belongs to.";
        }
    }

    private string? FindAuthorityProblem()
    {
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(AuthorityFile);
            return all.Count > 0 ? null : "it holds no certificate";
        }
        catch (Exception exception) when (CertificateFiles.IsTrouble(exception))
        {
            return exception.Message.TrimEnd('.');
        }
    }
}
