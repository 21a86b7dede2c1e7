using System.Diagnostics;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// The last step of an RPC, in place of YARP's steps for load balancing, passive health and forwarding: picks an instance by the policy of the cluster,
/// calls it, has the reply written, and tells the cluster's health policy. Routes without the transform <c>Rpc</c> go on to YARP's steps.
/// </summary>
internal sealed class CallMiddleware(
    RequestDelegate next,
    RpcReply reply,
    Upstreams upstreams,
    DestinationLoad load,
    IEnumerable<ILoadBalancingPolicy> balancing,
    IEnumerable<IPassiveHealthCheckPolicy> health,
    CallMetadata metadata,
    DistributedContextPropagator traces,
    TimeProvider time)
{
    private readonly Dictionary<string, ILoadBalancingPolicy> _balancing = balancing.ToDictionary(policy => policy.Name, StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, IPassiveHealthCheckPolicy> _health = health.ToDictionary(policy => policy.Name, StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<RpcFeature>() is not { } rpc)
        {
            return next(context);
        }

        var proxy = context.GetReverseProxyFeature();
        if (Pick(context, proxy) is not { } destination)
        {
            rpc.Conclude(OrdinaryVerdict.NoDestination);
            return Task.CompletedTask;
        }

        proxy.ProxiedDestination = destination;
        RpcProtocols.TryGet(proxy.Cluster.Config, out var protocol, out _);
        return protocol == RpcProtocol.Http ? CallByHttpAsync(context, rpc, proxy, destination) : CallAsync(context, rpc, proxy, destination, protocol);
    }

    private DestinationState? Pick(HttpContext context, IReverseProxyFeature proxy) => proxy.AvailableDestinations switch
    {
        [] => null,
        [var only] => only,
        var several => _balancing[NameOr(proxy.Cluster.Config.LoadBalancingPolicy, LoadBalancingPolicies.PowerOfTwoChoices)].PickDestination(context, proxy.Route.Cluster!, several),
    };

    /// <summary>As YARP reads names of policies: an empty one is none.</summary>
    private static string NameOr(string? name, string usual) => string.IsNullOrEmpty(name) ? usual : name;

    private void Conclude(HttpContext context, RpcFeature rpc, IReverseProxyFeature proxy, DestinationState destination, Verdict verdict)
    {
        if (verdict.Kind == VerdictKind.Slow)
        {
            // A client who takes most of the route's time to send must not have the instance blamed for what it does in the rest.
            var isJudged = time.GetElapsedTime(rpc.StartedAt, rpc.SentAt) <= rpc.Route.Timeout / 2;
            verdict = verdict with { Kind = isJudged ? VerdictKind.Slow : VerdictKind.Unjudged, AskedAt = rpc.SentAt };
        }

        rpc.Conclude(verdict);
        if (proxy.Cluster.Config.HealthCheck?.Passive is { Enabled: true } passive)
        {
            _health[NameOr(passive.Policy, HealthCheckConstants.PassivePolicy.TransportFailureRate)].RequestProxied(context, proxy.Route.Cluster!, destination);
        }
    }

    /// <summary>Over connections of the gateway's own.</summary>
    private async Task CallAsync(HttpContext context, RpcFeature rpc, IReverseProxyFeature proxy, DestinationState destination, RpcProtocol protocol)
    {
        using var span = CallSpan.Begin(rpc.Route.Path, destination.Model.Config.Address);
        using var underWay = load.Begin(destination);
        Verdict verdict;
        try
        {
            using var transforms = rpc.Route.HasTransforms || proxy.Cluster.Config.SessionAffinity is { Enabled: true } ? new CallTransforms(context, proxy.Route.Transformer, context.RequestAborted) : null;
            var request = new UpstreamRequest(
                rpc.Route.Path,
                rpc.Message,
                rpc.Remainder,
                rpc.Route.Timeout - time.GetElapsedTime(rpc.StartedAt),
                Authority: null,
                FieldsOf(context, rpc));
            if (transforms is not null)
            {
                request = await transforms.ApplyAsync(request, destination.Model.Config.Address);
            }

            rpc.Sent(time);
            Answer answer;
            for (var replays = 0; ; replays++)
            {
                try
                {
                    // The token of the request is that of its deadline too: there is no other.
                    answer = await upstreams.Of(proxy.Cluster, destination, protocol).CallOnceAsync(request, context.RequestAborted);
                    break;
                }
                catch (AnswerException failure) when (UpstreamInstance.MayReplay(failure, request, replays))
                {
                    // It goes out again.
                }
            }

            await using var message = answer.Message;
            rpc.Answered(time);
            verdict = await reply.WriteAsync(context, rpc, protocol, answer, context.RequestAborted);
            if (transforms is not null)
            {
                await transforms.ApplyToTrailersAsync();
            }
        }
        catch (Exception exception)
        {
            verdict = VerdictOf(context, rpc, Reach.PerhapsSent, exception);
        }

        Conclude(context, rpc, proxy, destination, verdict);
    }

    /// <summary>By .NET's HTTP client, to a cluster that asks for that.</summary>
    private async Task CallByHttpAsync(HttpContext context, RpcFeature rpc, IReverseProxyFeature proxy, DestinationState destination)
    {
        var (transformer, address) = (proxy.Route.Transformer, destination.Model.Config.Address);
        var cancellationToken = context.RequestAborted;
        using var content = new MessageContent(rpc.Message, rpc.Remainder);
        using var request = content.RequestTo(proxy.Cluster, address, rpc.Route.Path);
        using var underWay = load.Begin(destination);
        Verdict verdict;
        try
        {
            foreach (var (name, value) in FieldsOf(context, rpc))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            // What else the operator wants of the route. It comes last, so it may say anything but the message.
            await transformer.TransformRequestAsync(context, request, address, cancellationToken);
            rpc.Sent(time);
            using var response = await proxy.Cluster.HttpClient.SendAsync(request, cancellationToken);
            rpc.Answered(time);
            await transformer.TransformResponseAsync(context, response, cancellationToken);
            var answer = Answer.OfHttp(response);
            await using var message = answer.Message;
            verdict = await reply.WriteAsync(context, rpc, RpcProtocol.Http, answer, cancellationToken);
            await transformer.TransformResponseTrailersAsync(context, response, cancellationToken);
        }
        catch (Exception exception)
        {
            verdict = VerdictOf(context, rpc, content.Reach, exception);
        }

        Conclude(context, rpc, proxy, destination, verdict);
    }

    private static Verdict VerdictOf(HttpContext context, RpcFeature rpc, Reach reach, Exception exception) => rpc.SubServiceTime is null
        ? CallVerdict.OfSending(context, rpc.Remainder, reach, exception)
        : CallVerdict.OfAnswer(context, rpc.Remainder, exception);

    /// <summary>Sub-services read nothing of a client's headers but its address: what is not copied can't leak.</summary>
    private IReadOnlyList<KeyValuePair<string, string>> FieldsOf(HttpContext context, RpcFeature rpc)
    {
        KeyValuePair<string, string>[] fields = context.Connection.RemoteIpAddress is { } client ? [new("x-forwarded-for", client.ToString())] : [];
        if (metadata.Of(rpc) is { Count: > 0 } own)
        {
            fields = [.. fields, .. own];
        }

        if (Activity.Current is not { } span)
        {
            return fields;
        }

        List<KeyValuePair<string, string>> withTrace = [.. fields];
        traces.Inject(span, withTrace, static (fields, name, value) => ((List<KeyValuePair<string, string>>)fields!).Add(new(name, value)));
        return withTrace;
    }
}
