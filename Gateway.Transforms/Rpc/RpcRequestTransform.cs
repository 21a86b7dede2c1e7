using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace Gateway.Transforms.Rpc;

/// <summary>Addresses the call: path, content type, and for gRPC the headers it wants. The body has been made by then.</summary>
internal sealed class RpcRequestTransform(RpcProtocol protocol, TimeProvider time) : RequestTransform
{
    private static readonly MediaTypeHeaderValue GrpcType = new(RpcContent.GrpcType);
    private static readonly MediaTypeHeaderValue MessageType = new(RpcContent.Type);

    public override ValueTask ApplyAsync(RequestTransformContext context)
    {
        var rpc = context.HttpContext.GetRpcFeature();
        rpc.Sent(time);
        var request = context.ProxyRequest;
        // The client's query string is no part of the call.
        request.RequestUri = RequestUtilities.MakeDestinationAddress(context.DestinationPrefix, rpc.Route.Path, QueryString.Empty);
        var content = request.Content!.Headers;
        content.ContentLength = context.HttpContext.Request.ContentLength;
        if (protocol == RpcProtocol.Http)
        {
            content.ContentType = MessageType;
            return default;
        }

        content.ContentType = GrpcType;
        request.Headers.TE.ParseAdd("trailers");
        request.Headers.TryAddWithoutValidation("grpc-accept-encoding", "identity");
        var left = rpc.Route.Timeout - time.GetElapsedTime(rpc.StartedAt);
        request.Headers.TryAddWithoutValidation("grpc-timeout", GrpcTimeout.Format(left));
        return default;
    }
}
