using System.Diagnostics;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// Makes the call of an RPC route: over connections of the gateway's own, or by HTTP where the cluster asks for that. Routes without the transform
/// <c>Rpc</c> are left to YARP's forwarder.
/// </summary>
internal sealed class RpcForwarder(IHttpForwarder ordinary, RpcReply reply, Upstreams upstreams, DistributedContextPropagator traces, TimeProvider time) : IHttpForwarder
{
    public ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer, CancellationToken cancellationToken) =>
        context.Features.Get<RpcFeature>() is { } rpc
            ? CallAsync(context, rpc, destinationPrefix, httpClient, transformer)
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

    private ValueTask<ForwarderError> CallAsync(HttpContext context, RpcFeature rpc, string destinationPrefix, HttpMessageInvoker client, HttpTransformer transformer)
    {
        var proxy = context.GetReverseProxyFeature();
        RpcProtocols.TryGet(proxy.Cluster.Config, out var protocol, out _);
        return protocol == RpcProtocol.Http
            ? CallByHttpAsync(context, rpc, proxy.Cluster, destinationPrefix, client, transformer)
            : CallAsync(context, rpc, proxy, protocol, destinationPrefix, transformer);
    }

    private ForwarderError Conclude(RpcFeature rpc, Verdict verdict)
    {
        if (verdict.Kind == VerdictKind.Slow)
        {
            // A client who takes most of the route's time to send must not have the instance blamed for what it does in the rest.
            var isJudged = time.GetElapsedTime(rpc.StartedAt, rpc.SentAt) <= rpc.Route.Timeout / 2;
            verdict = verdict with { Kind = isJudged ? VerdictKind.Slow : VerdictKind.Unjudged, AskedAt = rpc.SentAt };
        }

        rpc.Conclude(verdict);
        return verdict.Outcome == RpcOutcome.Ok ? ForwarderError.None : ForwarderError.Request;
    }

    /// <summary>Over connections of the gateway's own.</summary>
    private async ValueTask<ForwarderError> CallAsync(
        HttpContext context, RpcFeature rpc, IReverseProxyFeature proxy, RpcProtocol protocol, string destinationPrefix, HttpTransformer transformer)
    {
        using var span = CallSpan.Begin(rpc.Route.Path, proxy.ProxiedDestination!.Model.Config.Address);
        try
        {
            using var transforms = rpc.Route.HasTransforms ? new CallTransforms(context, transformer, context.RequestAborted) : null;
            var request = new UpstreamRequest(
                rpc.Route.Path,
                rpc.Message,
                rpc.Remainder,
                rpc.Route.Timeout - time.GetElapsedTime(rpc.StartedAt),
                Authority: null,
                FieldsOf(context));
            if (transforms is not null)
            {
                request = await transforms.ApplyAsync(request, destinationPrefix);
            }

            rpc.Sent(time);
            Answer answer;
            for (var replays = 0; ; replays++)
            {
                try
                {
                    // The token of the request is that of its deadline too: there is no other.
                    answer = await upstreams.Of(proxy.Cluster, proxy.ProxiedDestination, protocol).CallOnceAsync(request, context.RequestAborted);
                    break;
                }
                catch (AnswerException failure) when (UpstreamInstance.MayReplay(failure, request, replays))
                {
                    // It goes out again.
                }
            }

            await using var message = answer.Message;
            rpc.Answered(time);
            var verdict = await reply.WriteAsync(context, rpc, protocol, answer, context.RequestAborted);
            if (transforms is not null)
            {
                await transforms.ApplyToTrailersAsync();
            }

            return Conclude(rpc, verdict);
        }
        catch (Exception exception)
        {
            return Conclude(rpc, rpc.SubServiceTime is null
                ? CallVerdict.OfSending(context, rpc.Remainder, Reach.PerhapsSent, exception)
                : CallVerdict.OfAnswer(context, rpc.Remainder, exception));
        }
    }

    private async ValueTask<ForwarderError> CallByHttpAsync(
        HttpContext context, RpcFeature rpc, ClusterModel cluster, string destinationPrefix, HttpMessageInvoker client, HttpTransformer transformer)
    {
        var cancellationToken = context.RequestAborted;
        using var content = new MessageContent(rpc.Message, rpc.Remainder);
        using var request = content.RequestTo(cluster, destinationPrefix, rpc.Route.Path);
        try
        {
            foreach (var (name, value) in FieldsOf(context))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            // What else the operator wants of the route. It comes last, so it may say anything but the message.
            await transformer.TransformRequestAsync(context, request, destinationPrefix, cancellationToken);
            rpc.Sent(time);
            using var response = await client.SendAsync(request, cancellationToken);
            rpc.Answered(time);
            await transformer.TransformResponseAsync(context, response, cancellationToken);
            var answer = Answer.OfHttp(response);
            await using var message = answer.Message;
            var verdict = await reply.WriteAsync(context, rpc, RpcProtocol.Http, answer, cancellationToken);
            await transformer.TransformResponseTrailersAsync(context, response, cancellationToken);
            return Conclude(rpc, verdict);
        }
        catch (Exception exception)
        {
            return Conclude(rpc, rpc.SubServiceTime is null ? CallVerdict.OfSending(context, rpc.Remainder, content.Reach, exception) : CallVerdict.OfAnswer(context, rpc.Remainder, exception));
        }
    }

    /// <summary>Sub-services read nothing of a client's headers but its address: what is not copied can't leak.</summary>
    private IReadOnlyList<KeyValuePair<string, string>> FieldsOf(HttpContext context)
    {
        KeyValuePair<string, string>[] fields = context.Connection.RemoteIpAddress is { } client ? [new("x-forwarded-for", client.ToString())] : [];
        if (Activity.Current is not { } span)
        {
            return fields;
        }

        List<KeyValuePair<string, string>> withTrace = [.. fields];
        traces.Inject(span, withTrace, static (fields, name, value) => ((List<KeyValuePair<string, string>>)fields!).Add(new(name, value)));
        return withTrace;
    }
}
