using System.Buffers;
using Gateway.Transforms.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Transforms.Rpc;

/// <summary>Puts the message that goes out in the place of the one that came in.</summary>
/// <remarks>
/// This has to happen before YARP's forwarder looks at the request: it decides there and then whether there is a body at all, and a
/// body-less request (an all-default message) can be given none by a transform.
/// </remarks>
internal static class RpcRequestBody
{
    public static void Replace(HttpContext context, in ReadOnlySequence<byte> message)
    {
        RpcProtocols.TryGet(context.GetReverseProxyFeature().Cluster.Config, out var protocol, out _);
        var body = protocol == RpcProtocol.Grpc ? GrpcFrame.Wrap(message) : message;
        context.Request.Body = new SequenceStream(body);
        context.Request.ContentLength = body.Length;
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true })
        {
            context.Features.Set<IHttpRequestBodyDetectionFeature>(BodyToSend.Instance);
        }
    }

    private sealed class BodyToSend : IHttpRequestBodyDetectionFeature
    {
        public static readonly BodyToSend Instance = new();

        public bool CanHaveBody => true;
    }
}
