using System.IO.Pipelines;
using Gateway.Transforms.Errors;
using Gateway.Transforms.Events;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// Takes the answer out of gRPC and hands it to the client. Small answers are held until their status is known; large ones are passed
/// on as they come, and cut off if the status turns out bad. On the five notifying routes the answer is parsed and events are made.
/// </summary>
internal sealed class RpcReply(EventDispatcher events, IOptions<RpcOptions> options)
{
    /// <summary>Answers up to this length are held whole, in bytes. Longer ones are streamed.</summary>
    public const int HeldLength = 64 << 10;

    /// <summary>HTTP/2's INTERNAL_ERROR: the client's stream ends without its other streams being touched.</summary>
    private const int InternalError = 2;

    /// <summary>Leaves a reply, or a failed call for which there is none yet.</summary>
    public async ValueTask WriteAsync(HttpContext http, RpcFeature rpc, RpcProtocol protocol, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await Answer.OpenAsync(protocol, response, cancellationToken);
            await using var message = answer.Message;
            if (rpc.Route.Source is not null)
            {
                await ReplyWithEventsAsync(http, rpc, rpc.Route.Source, answer, cancellationToken);
            }
            else if (answer.Length is > HeldLength || (answer.Length is null && protocol == RpcProtocol.Http))
            {
                await PassOnAsync(http, rpc, answer, cancellationToken);
            }
            else
            {
                using var buffer = await AnswerBuffer.ReadAsync(answer, options.Value.MaxBufferedAnswer, cancellationToken);
                await ReplyAsync(http, rpc, buffer.Memory);
            }
        }
        catch (AnswerException failed)
        {
            rpc.Fail(failed.Outcome, failed.Message, failed.Fault);
        }
        catch (Exception broken) when (IsBroken(broken) && !http.RequestAborted.IsCancellationRequested)
        {
            rpc.Fail(RpcOutcome.SubServiceFailed, BrokeOff(broken), CallFault.Broken);
        }
    }

    private async ValueTask ReplyWithEventsAsync(
        HttpContext http, RpcFeature rpc, IEventSource source, Answer answer, CancellationToken cancellationToken)
    {
        using var buffer = await AnswerBuffer.ReadAsync(answer, options.Value.MaxBufferedAnswer, cancellationToken);
        // The sub-service has answered. Telling others has deadlines of its own, and must not make a late success a failure.
        http.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        IMessage reply;
        try
        {
            reply = await source.HandleAsync(rpc.UserId!, rpc.Message, buffer.Memory, events);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new AnswerException(RpcOutcome.SubServiceFailed, $"request or answer cannot be parsed: {exception.Message}", CallFault.None);
        }

        await ReplyAsync(http, rpc, reply.ToByteArray());
    }

    private static async ValueTask ReplyAsync(HttpContext http, RpcFeature rpc, ReadOnlyMemory<byte> message)
    {
        Begin(http.Response, message.Length);
        rpc.Succeed();
        await http.Response.BodyWriter.WriteAsync(message, http.RequestAborted);
    }

    /// <summary>Once the first byte is out a failure can't be told any more; the client has to see that its answer is not whole.</summary>
    private static async ValueTask PassOnAsync(HttpContext http, RpcFeature rpc, Answer answer, CancellationToken cancellationToken)
    {
        Begin(http.Response, answer.Length);
        rpc.Succeed();
        try
        {
            if (!await TryCopyAsync(answer.Message, http.Response.BodyWriter, cancellationToken))
            {
                rpc.Fail(RpcOutcome.ClientGone);
            }
        }
        catch (Exception broken) when (IsBroken(broken) || broken is OperationCanceledException)
        {
            // Asked before the connection is cut, which looks like a client that has gone.
            var isOver = cancellationToken.IsCancellationRequested;
            Cut(http);
            if (isOver)
            {
                throw;
            }

            // Whatever status it ended with: a part of it has been given out.
            throw new AnswerException(RpcOutcome.SubServiceFailed, BrokeOff(broken), (broken as AnswerException)?.Fault ?? CallFault.Broken);
        }
    }

    /// <summary>False when the client takes nothing any more.</summary>
    private static async ValueTask<bool> TryCopyAsync(Stream answer, PipeWriter reply, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await answer.ReadAsync(reply.GetMemory(), cancellationToken);
            if (read == 0)
            {
                return true;
            }

            reply.Advance(read);
            if ((await reply.FlushAsync(cancellationToken)).IsCompleted)
            {
                return false;
            }
        }
    }

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

    private static string BrokeOff(Exception broken) => $"the answer broke off: {broken.GetBaseException().Message}";

    private static bool IsBroken(Exception exception) => exception is HttpRequestException or IOException or InvalidDataException;

    private static void Begin(HttpResponse response, long? length)
    {
        response.ContentType = RpcContent.Type;
        response.ContentLength = length;
    }
}
