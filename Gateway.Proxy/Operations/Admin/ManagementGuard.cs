using Microsoft.AspNetCore.Authorization;

namespace Gateway.Proxy.Operations.Admin;

/// <summary>
/// Stands before every endpoint of the management port, so a new one is guarded unless it says otherwise: only what is marked with
/// <c>AllowAnonymous</c> can be read by everybody, and nothing can be changed without the token.
/// </summary>
internal sealed class ManagementGuard(RequestDelegate next, ManagementToken token)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not { } endpoint)
        {
            return next(context);
        }

        var isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        var isOpen = isRead && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        return !isOpen && token.Refuse(context, changesAnything: !isRead) is { } refusal ? refusal.ExecuteAsync(context) : next(context);
    }
}
