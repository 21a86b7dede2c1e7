using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Gateway.Transforms.Errors;
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
            : ordinary.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken);

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
        try
        {
            // What else the operator wants of the route. It comes last, so it may say anything but the message.
            await transformer.TransformRequestAsync(context, request, destinationPrefix, cancellationToken);
            rpc.Sent(time);
            using var response = await client.SendAsync(request, cancellationToken);
            rpc.Answered(time);
            await transformer.TransformResponseAsync(context, response, cancellationToken);
            await reply.WriteAsync(context, rpc, protocol, response, cancellationToken);
            await transformer.TransformResponseTrailersAsync(context, response, cancellationToken);
            return ForwarderError.None;
        }
        catch (Exception exception) when (rpc.SubServiceTime is null && exception is HttpRequestException or OperationCanceledException or IOException or InvalidOperationException)
        {
            if (content.IsTaken)
            {
                rpc.Left();
            }

            return Fail(context, rpc, exception);
        }
    }

    private Uri AddressOf(string destination, string path) => _addresses
        .GetValue(destination, static _ => new ConcurrentDictionary<string, Uri>(StringComparer.Ordinal))
        .GetOrAdd(path, static (path, destination) => RequestUtilities.MakeDestinationAddress(destination, path, QueryString.Empty), destination);

    /// <summary>Finds out why there is no answer.</summary>
    private static ForwarderError Fail(HttpContext context, RpcFeature rpc, Exception exception)
    {
        switch (rpc.Rest?.Failure)
        {
            case MalformedMessageException malformed:
                rpc.Fail(RpcOutcome.BadRequest, malformed.Message);
                return ForwarderError.RequestBodyClient;
            case { } failure:
                ExceptionDispatchInfo.Throw(failure);
                break;
        }

        var error = context.RequestAborted.IsCancellationRequested ? ForwarderError.RequestCanceled
            // The handler gave up connecting. It also cancels the sending of a message whose connection breaks, and nobody's time is over then.
            : SendFailure.IsConnectTimeout(exception) ? ForwarderError.RequestTimedOut
            : ForwarderError.Request;
        context.Features.Set<IForwarderErrorFeature>(new CallError(error, exception));
        return error;
    }

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

    private sealed record CallError(ForwarderError Error, Exception? Exception) : IForwarderErrorFeature;
}
