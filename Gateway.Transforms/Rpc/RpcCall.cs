using System.Buffers;
using System.Globalization;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Verdicts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Transforms.Rpc;

/// <summary>What a host's own steps in the pipeline may know of a call, and do to it. On routes without the transform <c>Rpc</c> as well, unless a member says otherwise.</summary>
public static class RpcCall
{
    /// <summary>Whether the request is on a route with the transform <c>Rpc</c>.</summary>
    public static bool IsRpc(HttpContext context) => Find(context) is not null;

    /// <summary>Who is calling; null on routes that ask nobody, and before identity is known.</summary>
    public static string? FindUser(HttpContext context) => Find(context)?.UserId;

    /// <summary>The value of a field that the route is limited by, see <see cref="ICountedFields"/>; empty where the request has none. Once identity is known.</summary>
    public static ReadOnlySequence<byte> ReadField(HttpContext context, string field) =>
        Find(context) is { Route.Counted: { } counted } rpc ? counted.Read(rpc.Message, field) : ReadOnlySequence<byte>.Empty;

    /// <summary>What became of the last attempt; null while it is under way, and before the first.</summary>
    public static Verdict? FindVerdict(HttpContext context) => Find(context) is { } rpc ? rpc.Verdict : context.Features.Get<Verdict>();

    /// <summary>What became of an attempt, once its steps have come back without an exception. One that never got to an instance is settled here.</summary>
    public static Verdict Settle(HttpContext context) => FindVerdict(context) ?? Conclude(
        context,
        context.GetForwarderErrorFeature() is { } failure ? OrdinaryVerdict.OfFailure(context, failure)
        // A step that waits for its turn, such as a rate limit, ends in silence when its wait is cancelled.
        : context.RequestAborted.IsCancellationRequested ? CallVerdict.OfCancellation(context, Reach.NotSent)
        // YARP's step for session affinity may refuse a request whose instance is not there any more.
        : context.Response.StatusCode == StatusCodes.Status503ServiceUnavailable ? OrdinaryVerdict.NoDestination
        : OrdinaryVerdict.Unknown);

    /// <summary>Puts the request back as it was before it was sent; false when its body cannot be sent again. Only before the client has read anything.</summary>
    public static bool TryReplay(HttpContext context)
    {
        if (Find(context) is { } rpc)
        {
            if (!rpc.CanReplay)
            {
                return false;
            }

            rpc.Replay();
        }
        else if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false })
        {
            return false;
        }

        context.Features.Set<Verdict>(null);
        context.Features.Set<IForwarderErrorFeature>(null);
        // What the first answer, and the transforms of the route, have put into the headers belongs to that answer alone.
        context.Response.Clear();
        return true;
    }

    /// <summary>
    /// Refuses a call. The caller of this must not go on to the next step. On an RPC route the client reads a message, on any other
    /// route it gets the outcome's HTTP status.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="outcome">How the call ends.</param>
    /// <param name="reason">Why, for the log only.</param>
    /// <param name="retryAfter">When trying again makes sense; null when nobody knows.</param>
    public static void Refuse(HttpContext context, RpcOutcome outcome, string reason, TimeSpan? retryAfter = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (retryAfter is { } pause)
        {
            context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(pause.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (!IsRpc(context))
        {
            context.Response.StatusCode = OutcomeTexts.Of(outcome).HttpStatus;
        }

        Conclude(context, Verdict.Refused(outcome, reason));
    }

    /// <summary>
    /// Ends a request of a route without the transform <c>Rpc</c> that never got to an instance: its client has gone, its time was over before any step said
    /// how it ended, or a step refused it. Then it is answered, and the rest of it read away, as on RPC routes (<see cref="RpcFeature.DiscardRemainderAsync"/>).
    /// </summary>
    public static async Task EndOrdinaryAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (FindVerdict(context) is null && context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            context.Response.StatusCode = OutcomeTexts.Of(Settle(context).Outcome).HttpStatus;
        }

        if (FindVerdict(context) is { Reach: Reach.NotSent, Outcome: not RpcOutcome.ClientGone }
            && context.GetForwarderErrorFeature() is null or { Error: ForwarderError.NoAvailableDestinations }
            && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
            && context.Request.Headers.Expect.Count == 0)
        {
            var services = context.RequestServices;
            var options = services.GetRequiredService<IOptions<RpcOptions>>().Value;
            var allowed = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? 0;
            await context.Response.CompleteAsync();
            await new RequestBody(context, budget: null).DiscardAsync(
                allowed + options.MaxDiscardedRequest,
                options.MaxDiscardTime,
                services.GetRequiredService<TimeProvider>(),
                services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        }
    }

    internal static Verdict Conclude(HttpContext context, Verdict verdict)
    {
        if (Find(context) is { } rpc)
        {
            rpc.Conclude(verdict);
        }
        else
        {
            context.Features.Set(verdict);
        }

        return verdict;
    }

    private static RpcFeature? Find(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<RpcFeature>();
    }
}

/// <summary>Where a call went.</summary>
/// <param name="Cluster">The cluster of its route.</param>
/// <param name="Destination">The address of the instance that was picked; null when the call ended before that.</param>
internal readonly record struct CallTarget(string? Cluster, string? Destination)
{
    public static CallTarget Of(HttpContext context) =>
        context.Features.Get<IReverseProxyFeature>() is { } proxy
            ? new CallTarget(proxy.Cluster.Config.ClusterId, proxy.ProxiedDestination?.Model.Config.Address)
            : default;
}
