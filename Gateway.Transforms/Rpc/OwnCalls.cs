using System.Buffers;
using Gateway.Transforms.Upstream;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms.Rpc;

/// <summary>Calls that the gateway makes for itself: over the connections and in the protocol of the cluster, so all its settings hold.</summary>
public sealed class OwnCalls
{
    private readonly Upstreams _upstreams;

    internal OwnCalls(Upstreams upstreams) => _upstreams = upstreams;

    /// <param name="cluster">The cluster.</param>
    /// <param name="instance">One of its instances.</param>
    /// <param name="path">The path of the method.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="maxAnswer">The longest answer, in bytes.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    public async Task<byte[]> SendAsync(
        ClusterModel cluster, DestinationState instance, string path, ReadOnlySequence<byte> request, int maxAnswer, CancellationToken cancellationToken)
    {
        RpcProtocols.TryGet(cluster.Config, out var protocol, out _);
        if (protocol != RpcProtocol.Http)
        {
            var call = new UpstreamRequest(path, request, Remainder: null, Timeout: null, Authority: null, CallMetadata.OfOwnCalls);
            return await ReadAsync(await _upstreams.Of(cluster, instance, protocol).CallAsync(call, cancellationToken), maxAnswer, cancellationToken);
        }

        using var message = new MessageContent(request, more: null);
        using var asked = message.RequestTo(cluster, instance.Model.Config.Address, path);
        foreach (var (name, value) in CallMetadata.OfOwnCalls)
        {
            asked.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await cluster.HttpClient.SendAsync(asked, cancellationToken);
        return await ReadAsync(Answer.OfHttp(response), maxAnswer, cancellationToken);
    }

    private static async Task<byte[]> ReadAsync(Answer answer, int maxAnswer, CancellationToken cancellationToken)
    {
        await using var message = answer.Message;
        using var buffer = await AnswerBuffer.ReadAsync(answer, maxAnswer, cancellationToken);
        return buffer.Memory.ToArray();
    }
}
