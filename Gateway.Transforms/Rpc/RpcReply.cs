using Gateway.Transforms.Bodies;
using Gateway.Transforms.Events;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Verdicts;
using Gateway.Transforms.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// Takes the answer out of gRPC and hands it to the client. Small answers are held until their status is known; large ones are passed
/// on as they come, and cut off if the status turns out bad. On routes with events the answer is held, and read for them.
/// </summary>
internal sealed class RpcReply(EventDispatcher events, CallMetadata metadata, IOptions<RpcOptions> options)
{
    /// <summary>HTTP/2's INTERNAL_ERROR: the client's stream ends without its other streams being touched.</summary>
    private const int InternalError = 2;

    /// <summary>Writes the reply, or says why there is none. What it throws is about the answer, see <see cref="CallVerdict.OfAnswer"/>.</summary>
    public async ValueTask<Verdict> WriteAsync(HttpContext http, RpcFeature rpc, RpcProtocol protocol, Answer answer, CancellationToken cancellationToken)
    {
        if (rpc.Route.Events is { } toTell)
        {
            return await ReplyWithEventsAsync(http, rpc, toTell, answer, cancellationToken);
        }

        if (answer.Length is > RpcOptions.HeldAnswer || (answer.Length is null && protocol == RpcProtocol.Http))
        {
            return await PassOnAsync(http, rpc, answer, cancellationToken);
        }

        using var buffer = await AnswerBuffer.ReadAsync(answer, options.Value.MaxBufferedAnswer, cancellationToken);
        return await ReplyAsync(http, buffer.Memory);
    }

    private async ValueTask<Verdict> ReplyWithEventsAsync(
        HttpContext http, RpcFeature rpc, RouteEvents toTell, Answer answer, CancellationToken cancellationToken)
    {
        using var buffer = await AnswerBuffer.ReadAsync(answer, options.Value.MaxBufferedAnswer, cancellationToken);
        // The sub-service has answered. Telling others has deadlines of its own, and must not make a late success a failure.
        http.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        try
        {
            metadata.Lend(rpc);
            await events.DispatchAsync(rpc.Route.RouteId, toTell, rpc.UserId ?? "", rpc.Message, buffer.Memory);
            return await ReplyAsync(http, toTell.Reply is { } fields ? buffer.Memory[..fields.Edit(buffer.Memory)] : buffer.Memory);
        }
        catch (MalformedFieldException malformed)
        {
            throw AnswerException.Unusable($"the answer is not well-formed: {malformed.Message}");
        }
    }

    private static async ValueTask<Verdict> ReplyAsync(HttpContext http, ReadOnlyMemory<byte> message)
    {
        Begin(http.Response, message.Length);
        try
        {
            var flush = await http.Response.BodyWriter.WriteAsync(message, http.RequestAborted);
            return flush.IsCompleted ? NotTaken(http) : Verdict.Good;
        }
        catch (OperationCanceledException)
        {
            return NotTaken(http);
        }
    }

    /// <summary>Once the first byte is out a failure can't be told any more; the client has to see that its answer is not whole.</summary>
    private static async ValueTask<Verdict> PassOnAsync(HttpContext http, RpcFeature rpc, Answer answer, CancellationToken cancellationToken)
    {
        Begin(http.Response, answer.Length);
        var reply = http.Response.BodyWriter;
        var isClientsTurn = false;
        try
        {
            while (true)
            {
                isClientsTurn = false;
                var read = await answer.Message.ReadAsync(reply.GetMemory(), cancellationToken);
                if (read == 0)
                {
                    return Verdict.Good;
                }

                reply.Advance(read);
                isClientsTurn = true;
                if ((await reply.FlushAsync(cancellationToken)).IsCompleted)
                {
                    return NotTaken(http);
                }
            }
        }
        catch (Exception exception)
        {
            // Settled before the connection is cut, which looks like a client that has gone.
            var verdict = isClientsTurn && exception is OperationCanceledException or IOException ? NotTaken(http) : CallVerdict.OfAnswer(http, rpc.Remainder, exception);
            if (!http.Response.HasStarted)
            {
                return verdict;
            }

            Cut(http);
            // Whatever status it ended with: a part of it has been given out.
            return exception is AnswerException ? verdict with { Outcome = RpcOutcome.SubServiceFailed } : verdict;
        }
    }

    /// <summary>The instance has answered, and it is the client who does not take the answer.</summary>
    private static Verdict NotTaken(HttpContext http) => CallVerdict.OfCancellation(http, Reach.Answered) with { Kind = VerdictKind.Answered };

    private static void Cut(HttpContext http)
    {
        if (http.Features.Get<IHttpResetFeature>() is { } stream)
        {
            stream.Reset(InternalError);
        }
        else
        {
            http.Abort();
        }
    }

    private static void Begin(HttpResponse response, long? length)
    {
        response.ContentType = RpcContent.Type;
        response.ContentLength = length;
    }
}
