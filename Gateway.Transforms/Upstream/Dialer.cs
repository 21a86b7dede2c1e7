using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;

namespace Gateway.Transforms.Upstream;

/// <summary>Connects to an instance, with TLS where its address says <c>https</c>.</summary>
public sealed class Dialer(IUpstreamCertificates certificates)
{
    /// <param name="address">The instance.</param>
    /// <param name="settings">How its cluster is spoken to.</param>
    /// <param name="protocols">What is offered where there is TLS; empty for a protocol that has no name there.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<Stream> ConnectAsync(
        Uri address, UpstreamSettings settings, IReadOnlyList<SslApplicationProtocol> protocols, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(protocols);
        var stream = await WatchedSocket.ConnectAsync(new DnsEndPoint(address.IdnHost, address.Port), cancellationToken);
        if (address.Scheme != Uri.UriSchemeHttps)
        {
            return stream;
        }

        var tls = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsClientAsync(OptionsOf(address, settings, protocols), cancellationToken);
            // Whoever offers HTTP/2 alone can go on with nothing else.
            if (protocols is [var only] && only == SslApplicationProtocol.Http2 && tls.NegotiatedApplicationProtocol != only)
            {
                throw new IOException($"the sub-service does not offer '{only}' over TLS (ALPN)");
            }

            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    [SuppressMessage("Security", "CA5359", Justification = "The operator asks for it, by DangerousAcceptAnyServerCertificate.")]
    private SslClientAuthenticationOptions OptionsOf(Uri address, UpstreamSettings settings, IReadOnlyList<SslApplicationProtocol> protocols)
    {
        var options = certificates.Open(settings.Tls);
        options.TargetHost ??= address.IdnHost;
        options.EnabledSslProtocols = settings.TlsVersions;
        options.ApplicationProtocols = protocols.Count > 0 ? [.. protocols] : null;
        if (settings.TrustsAnyCertificate)
        {
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        }

        return options;
    }
}
