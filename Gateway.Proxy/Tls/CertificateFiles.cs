using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Proxy.Tls;

/// <summary>A certificate with its private key, as PEM files.</summary>
/// <param name="Certificate">The file with the certificate, perhaps with those of its issuers after it.</param>
/// <param name="Key">The file with the key; empty when it stands in the other.</param>
internal sealed record CertificateFiles(string Certificate, string Key)
{
    private string KeyOrCertificate => Key.Length > 0 ? Key : Certificate;

    /// <summary>What the files hold, byte for byte.</summary>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public string ReadText() => File.ReadAllText(Certificate) + File.ReadAllText(KeyOrCertificate);

    /// <summary>The certificate with its key, and those of its issuers that stand beside it.</summary>
    /// <exception cref="CryptographicException">The files hold something else, or the key is another certificate's.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public X509Certificate2Collection Load()
    {
        var certificate = File.ReadAllText(Certificate);
        var key = File.ReadAllText(KeyOrCertificate);
        var all = new X509Certificate2Collection();
        all.ImportFromPem(certificate);
        if (all.Count > 0)
        {
            all[0].Dispose();
            all[0] = X509Certificate2.CreateFromPem(certificate, key);
        }

        return all.Count > 0 ? all : throw new CryptographicException("it holds no certificate.");
    }

    /// <summary><see cref="Load"/>, in the form in which connections show it.</summary>
    public SslStreamCertificateContext LoadContext()
    {
        var loaded = Load();
        // Offline: what the other side needs stands in the file, and no issuer is asked over the network.
        return SslStreamCertificateContext.Create(loaded[0], [.. loaded.Skip(1)], offline: true);
    }

    /// <summary>Why the files cannot be used, as the middle of a sentence; null when they can.</summary>
    public string? FindProblem()
    {
        try
        {
            foreach (var certificate in Load())
            {
                certificate.Dispose();
            }

            return null;
        }
        catch (Exception exception) when (IsTrouble(exception))
        {
            return Describe(exception);
        }
    }

    public static bool IsTrouble(Exception exception) =>
        exception is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException;

    /// <summary>The middle of a sentence. The library's own texts name files and reasons, and never a key.</summary>
    public string Describe(Exception exception) =>
        $"the certificate '{Certificate}' with the key '{KeyOrCertificate}' cannot be used ({exception.Message.TrimEnd('.')}); "
        + "put a PEM certificate and the PEM key that belongs to it there";
}
