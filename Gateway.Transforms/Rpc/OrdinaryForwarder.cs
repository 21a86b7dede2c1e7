using Gateway.Transforms.Bodies;
using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Transforms.Rpc;

/// <summary>YARP's forwarder, for the routes without the transform <c>Rpc</c>. It adds the verdict on what YARP says of the answer.</summary>
internal sealed class OrdinaryForwarder(IHttpForwarder forwarder, TimeProvider time) : IHttpForwarder
{
    public ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

    public async ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer, CancellationToken cancellationToken)
    {
        using var clientsTurn = new ClientTurn(context);
        var askedAt = time.GetTimestamp();
        var error = await forwarder.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken);
        if (error == ForwarderError.RequestBodyClient && LostConnection.IsCause(context.GetForwarderErrorFeature()?.Exception))
        {
            LostConnection.LetGo(context);
        }

        RpcCall.Conclude(context, context.GetForwarderErrorFeature() is { } failure
            ? OrdinaryVerdict.OfFailure(context, failure, clientsTurn.IsNow) with { AskedAt = askedAt }
            : OrdinaryVerdict.OfAnswer(context.Response.StatusCode));
        return error;
    }
}
