using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>
/// Decides who may administrate. Where a token is set, those who send it, from anywhere. Where none is set, those on this machine may look, and nobody
/// may change anything.
/// </summary>
internal sealed class ManagementToken(IOptions<ManagementOptions> options)
{
    private const string Scheme = "Bearer ";

    /// <summary>A hash, so that comparing takes the same time whatever was sent.</summary>
    private readonly byte[]? _hash = options.Value.ReadToken() is { Length: > 0 } token ? Hash(token) : null;

    public bool IsSet => _hash is not null;

    /// <summary>Null when the request may go on.</summary>
    public IResult? Refuse(HttpContext context, bool changesAnything)
    {
        if (_hash is null)
        {
            return !changesAnything && IsLocal(context)
                ? null
                : Refusal.Of(StatusCodes.Status403Forbidden, $"Set {ManagementOptions.SectionName}:Token or :TokenFile to allow this.");
        }

        var header = context.Request.Headers.Authorization.ToString();
        if (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && CryptographicOperations.FixedTimeEquals(Hash(header[Scheme.Length..].Trim()), _hash))
        {
            return null;
        }

        context.Response.Headers.WWWAuthenticate = Scheme.Trim();
        return Refusal.Of(StatusCodes.Status401Unauthorized, "Send 'Authorization: Bearer <token>' with the management token.");
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// The connection is from this machine, and the client knows that: a page in a browser here, whose own name was turned to
    /// 127.0.0.1, sends that name as the host.
    /// </summary>
    private static bool IsLocal(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)
        && context.Request.Host.Host is var host && (host == "localhost" || IPAddress.TryParse(host, out _));
}
