using System.Net;
using Gateway.Proxy.Settings;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>
/// Decides who may administrate. Where a token is set, those who send it, from anywhere. Where none is set, those on this machine may look, and nobody
/// may change anything.
/// </summary>
internal sealed class ManagementToken(IOptions<ManagementOptions> options)
{
    private readonly BearerToken? _token = options.Value.ReadToken() is { Length: > 0 } token ? new BearerToken(token) : null;

    public bool IsSet => _token is not null;

    /// <summary>Null when the request may go on.</summary>
    public IResult? Refuse(HttpContext context, bool changesAnything)
    {
        if (_token is null)
        {
            return !changesAnything && IsLocal(context)
                ? null
                : Refusal.Of(StatusCodes.Status403Forbidden, $"Set {ManagementOptions.SectionName}:Token or :TokenFile to allow this.");
        }

        if (_token.IsIn(context.Request.Headers.Authorization.ToString()))
        {
            return null;
        }

        context.Response.Headers.WWWAuthenticate = BearerToken.Scheme;
        return Refusal.Of(StatusCodes.Status401Unauthorized, "Send 'Authorization: Bearer <token>' with the management token.");
    }

    /// <summary>
    /// The connection is from this machine, and the client knows that: a page in a browser here, whose own name was turned to
    /// 127.0.0.1, sends that name as the host.
    /// </summary>
    private static bool IsLocal(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)
        && context.Request.Host.Host is var host && (host == "localhost" || IPAddress.TryParse(host, out _));
}
