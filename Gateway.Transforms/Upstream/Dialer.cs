using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;

namespace Gateway.Transforms.Upstream;

/// <summary>Connects to an instance, with TLS where its address says <c>https</c>.</summary>
internal static class Dialer
{
    /// <param name="address">The instance.</param>
    /// <param name="settings">How its cluster is spoken to.</param>
    /// <param name="protocol">What both sides have to agree on where there is TLS; null for a protocol that has no name there.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public static async Task<Stream> ConnectAsync(Uri address, UpstreamSettings settings, SslApplicationProtocol? protocol, CancellationToken cancellationToken)
    {
        var stream = await WatchedSocket.ConnectAsync(new DnsEndPoint(address.IdnHost, address.Port), cancellationToken);
        if (address.Scheme != Uri.UriSchemeHttps)
        {
            return stream;
        }

        var tls = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsClientAsync(OptionsOf(address, settings, protocol), cancellationToken);
            if (protocol is { } wanted && tls.NegotiatedApplicationProtocol != wanted)
            {
                throw new IOException($"the sub-service does not offer '{wanted}' over TLS (ALPN)");
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
    private static SslClientAuthenticationOptions OptionsOf(Uri address, UpstreamSettings settings, SslApplicationProtocol? protocol)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = address.IdnHost,
            EnabledSslProtocols = settings.TlsVersions,
            ApplicationProtocols = protocol is { } wanted ? [wanted] : null,
        };
        if (settings.TrustsAnyCertificate)
        {
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        }

        return options;
    }
}
