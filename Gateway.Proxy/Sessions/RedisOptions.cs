using Gateway.Proxy.Tls;

namespace Gateway.Proxy.Sessions;

/// <summary>The Redis that holds the sessions.</summary>
public sealed class RedisOptions
{
    public const string SectionName = "Gateway:Redis";

    /// <summary>
    /// A StackExchange.Redis configuration: addresses, then settings, as <c>10.0.0.1:6379,password=...,ssl=true</c>. Timeouts
    /// and keep-alive may be set here too; whatever it says, an absent Redis never keeps the gateway from starting.
    /// Default <c>127.0.0.1:6379</c>.
    /// </summary>
    public string Configuration { get; set; } = "127.0.0.1:6379";

    /// <summary>
    /// A file that holds the password, as orchestrators mount secrets; read when the connection is set up. Wins over <c>password=</c>.
    /// Default empty: none.
    /// </summary>
    public string PasswordFile { get; set; } = "";

    /// <summary>
    /// PEM certificates of those who may have issued the server's certificate, for <c>ssl=true</c>. Default empty: those that the
    /// machine trusts.
    /// </summary>
    public string CertificateAuthorityFile { get; set; } = "";

    /// <summary>The gateway's own certificate, as a PEM file, for a Redis that asks for one. Default empty: none.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>The key of <see cref="CertificateFile"/>, as a PEM file. Default empty: it stands in that file.</summary>
    public string KeyFile { get; set; } = "";

    internal ClientTls Tls => ClientTls.Of(CertificateAuthorityFile, CertificateFile, KeyFile);
}
