using System.Diagnostics;
using System.Text;
using Gateway.Transforms.Routes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// What sub-services are told beside the message, where <c>Gateway:Rpc</c> names headers for it: who calls, and of which trace the call is. Never from the
/// client, whose own headers of these names are taken out of every request.
/// </summary>
internal sealed class CallMetadata(IOptions<RpcOptions> options)
{
    // Of calls that the gateway makes for itself on behalf of a client's. It goes with them as their trace does.
    private static readonly AsyncLocal<IReadOnlyList<KeyValuePair<string, string>>?> Current = new();

    // HTTP/2 has lower case alone.
    private readonly string _user = options.Value.UserIdHeader.ToLowerInvariant();
    private readonly string _trace = options.Value.TraceIdHeader.ToLowerInvariant();

    /// <summary>What calls that the gateway makes for itself are sent with.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> OfOwnCalls => Current.Value ?? [];

    public void RemoveClients(HttpRequest request)
    {
        if (_user.Length > 0)
        {
            request.Headers.Remove(_user);
        }

        if (_trace.Length > 0)
        {
            request.Headers.Remove(_trace);
        }
    }

    /// <summary>Has the answer say of which trace the call is, whoever writes it: an answer that is given up takes its headers along.</summary>
    public void TellClient(HttpContext context, RpcFeature rpc)
    {
        if (_trace.Length > 0)
        {
            rpc.TraceId = TraceId();
            context.Response.OnStarting(static state =>
            {
                var (response, name, id) = ((HttpResponse, string, string))state;
                response.Headers[name] = id;
                return Task.CompletedTask;
            }, (context.Response, options.Value.TraceIdHeader, rpc.TraceId));
        }
    }

    /// <summary>What a call is sent with.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Of(RpcFeature rpc)
    {
        var user = _user.Length > 0 ? rpc.UserId : null;
        return (user, rpc.TraceId) switch
        {
            (null, null) => [],
            (null, { } trace) => [new(_trace, trace)],
            (_, null) => [new(_user, Encode(user))],
            (_, { } trace) => [new(_user, Encode(user)), new(_trace, trace)],
        };
    }

    /// <summary>Calls that the gateway makes for itself, from here to the end of the caller's method, are sent with the same as this one.</summary>
    public void Lend(RpcFeature rpc)
    {
        if (Of(rpc) is { Count: > 0 } metadata)
        {
            Current.Value = metadata;
        }
    }

    /// <summary>
    /// A header holds visible ASCII. Whatever else an id has is written as its bytes in UTF-8, each as %E7; so is the %, so that no two users look alike.
    /// </summary>
    private static string Encode(string userId)
    {
        if (userId.All(IsPlain))
        {
            return userId;
        }

        var encoded = new StringBuilder();
        foreach (var value in Encoding.UTF8.GetBytes(userId))
        {
            _ = IsPlain((char)value) ? encoded.Append((char)value) : encoded.Append('%').Append(value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }

    private static bool IsPlain(char letter) => letter is > ' ' and <= '~' and not '%';

    private static string TraceId() => (Activity.Current?.TraceId ?? ActivityTraceId.CreateRandom()).ToHexString();
}
