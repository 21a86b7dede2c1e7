using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms.Rpc;

/// <summary>A call that the gateway makes for itself: by the cluster's HTTP client and in its protocol, so all its settings hold.</summary>
public static class OwnCall
{
    /// <param name="cluster">The cluster.</param>
    /// <param name="instance">The address of one of its instances.</param>
    /// <param name="path">The path of the method.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="maxAnswer">The longest answer, in bytes.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    public static async Task<byte[]> SendAsync(
        ClusterModel cluster, string instance, string path, ReadOnlySequence<byte> request, int maxAnswer, CancellationToken cancellationToken)
    {
        RpcProtocols.TryGet(cluster.Config, out var protocol, out _);
        using var message = new HttpRequestMessage(HttpMethod.Post, RequestUtilities.MakeDestinationAddress(instance, path, QueryString.Empty))
        {
            Version = cluster.Config.HttpRequest?.Version ?? HttpVersion.Version20,
            VersionPolicy = cluster.Config.HttpRequest?.VersionPolicy ?? HttpVersionPolicy.RequestVersionExact,
            Content = CallContent.Of(request, more: null, protocol),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue(protocol == RpcProtocol.Grpc ? RpcContent.GrpcType : RpcContent.Type);
        if (protocol == RpcProtocol.Grpc)
        {
            message.Headers.TryAddWithoutValidation("te", "trailers");
            message.Headers.TryAddWithoutValidation("grpc-accept-encoding", "identity");
        }

        using var response = await cluster.HttpClient.SendAsync(message, cancellationToken);
        var answer = await Answer.OpenAsync(protocol, response, cancellationToken);
        await using var body = answer.Message;
        using var buffer = await AnswerBuffer.ReadAsync(answer, maxAnswer, cancellationToken);
        return buffer.Memory.ToArray();
    }
}
