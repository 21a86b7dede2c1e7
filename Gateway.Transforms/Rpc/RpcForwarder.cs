using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// Makes the call of an RPC route: YARP's forwarder copies streams and headers from side to side, while here a message that is
/// already in memory goes out under headers of its own. Routes without the transform <c>Rpc</c> are left to YARP's.
/// </summary>
internal sealed class RpcForwarder(IHttpForwarder ordinary, RpcReply reply, TimeProvider time) : IHttpForwarder
{
    private static readonly MediaTypeHeaderValue GrpcType = new(RpcContent.GrpcType);
    private static readonly MediaTypeHeaderValue MessageType = new(RpcContent.Type);

    /// <summary>The addresses of calls by destination and path. What belongs to a destination goes with it.</summary>
    private readonly ConditionalWeakTable<string, ConcurrentDictionary<string, Uri>> _addresses = [];

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer, CancellationToken cancellationToken) =>
        context.Features.Get<RpcFeature>() is { } rpc
            ? CallAsync(context, rpc, destinationPrefix, httpClient, requestConfig, transformer)
            : PassOnAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken);

    private async ValueTask<ForwarderError> PassOnAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker client, ForwarderRequestConfig config, HttpTransformer transformer, CancellationToken cancellationToken)
    {
        using var clientsTurn = new ClientTurn(context);
        var askedAt = time.GetTimestamp();
        var error = await ordinary.SendAsync(context, destinationPrefix, client, config, transformer, cancellationToken);
        RpcCall.Conclude(context, context.GetForwarderErrorFeature() is { } failure
            ? OrdinaryVerdict.OfFailure(context, failure, clientsTurn.IsNow) with { AskedAt = askedAt }
            : OrdinaryVerdict.OfAnswer(context.Response.StatusCode));
        return error;
    }

    private async ValueTask<ForwarderError> CallAsync(
        HttpContext context, RpcFeature rpc, string destinationPrefix, HttpMessageInvoker client, ForwarderRequestConfig config, HttpTransformer transformer)
    {
        RpcProtocols.TryGet(context.GetReverseProxyFeature().Cluster.Config, out var protocol, out _);
        using var content = CallContent.Of(rpc.Message, rpc.Rest, protocol);
        using var request = new HttpRequestMessage(HttpMethod.Post, AddressOf(destinationPrefix, rpc.Route.Path))
        {
            Version = config.Version ?? HttpVersion.Version20,
            VersionPolicy = config.VersionPolicy ?? HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        Address(context, rpc, request, protocol);
        // The token of the request is that of its deadline too: there is no other.
        var cancellationToken = context.RequestAborted;
        Verdict verdict;
        try
        {
            // What else the operator wants of the route. It comes last, so it may say anything but the message.
            await transformer.TransformRequestAsync(context, request, destinationPrefix, cancellationToken);
            rpc.Sent(time);
            using var response = await client.SendAsync(request, cancellationToken);
            rpc.Answered(time);
            await transformer.TransformResponseAsync(context, response, cancellationToken);
            verdict = await reply.WriteAsync(context, rpc, protocol, response, cancellationToken);
            await transformer.TransformResponseTrailersAsync(context, response, cancellationToken);
        }
        catch (Exception exception)
        {
            verdict = rpc.SubServiceTime is null ? CallVerdict.OfSending(context, rpc, content, exception) : CallVerdict.OfAnswer(context, rpc, exception);
        }

        if (verdict.Kind == VerdictKind.Slow)
        {
            // A client who takes most of the route's time to send must not have the instance blamed for what it does in the rest.
            var isJudged = time.GetElapsedTime(rpc.StartedAt, rpc.SentAt) <= rpc.Route.Timeout / 2;
            verdict = verdict with { Kind = isJudged ? VerdictKind.Slow : VerdictKind.Unjudged, AskedAt = rpc.SentAt };
        }

        rpc.Conclude(verdict);
        return verdict.Outcome == RpcOutcome.Ok ? ForwarderError.None : ForwarderError.Request;
    }

    private Uri AddressOf(string destination, string path) => _addresses
        .GetValue(destination, static _ => new ConcurrentDictionary<string, Uri>(StringComparer.Ordinal))
        .GetOrAdd(path, static (path, destination) => RequestUtilities.MakeDestinationAddress(destination, path, QueryString.Empty), destination);

    private void Address(HttpContext context, RpcFeature rpc, HttpRequestMessage request, RpcProtocol protocol)
    {
        // Sub-services read nothing of a client's headers: what is not copied can't leak.
        if (context.Connection.RemoteIpAddress is { } client)
        {
            request.Headers.TryAddWithoutValidation("x-forwarded-for", client.ToString());
        }

        if (protocol == RpcProtocol.Http)
        {
            request.Content!.Headers.ContentType = MessageType;
            return;
        }

        request.Content!.Headers.ContentType = GrpcType;
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation("grpc-accept-encoding", "identity");
        request.Headers.TryAddWithoutValidation("grpc-timeout", GrpcTimeout.Format(rpc.Route.Timeout - time.GetElapsedTime(rpc.StartedAt)));
    }
}
