using Gateway.Transforms.Errors;
using Gateway.Transforms.Events;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Transforms;

namespace Gateway.Transforms.Rpc;

/// <summary>
/// Takes the answer out of gRPC and hands it to the client. Small answers are held until their status is known; large ones are passed
/// on as they come, and cut off if the status turns out bad. On the five notifying routes the answer is parsed and events are made.
/// </summary>
internal sealed class RpcResponseTransform(RpcProtocol protocol, EventDispatcher events, IOptions<RpcOptions> options, TimeProvider time) : ResponseTransform
{
    /// <summary>Answers up to this length are held whole, in bytes. Longer ones are streamed.</summary>
    public const int HeldLength = 64 << 10;

    public override async ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is not { } response)
        {
            return;
        }

        var http = context.HttpContext;
        var rpc = http.GetRpcFeature();
        rpc.Answered(time);
        try
        {
            var answer = await Answer.OpenAsync(protocol, response, context.CancellationToken);
            if (rpc.Route.Source is not null)
            {
                await ReplyWithEventsAsync(http, rpc, rpc.Route.Source, answer, context.CancellationToken);
            }
            else if (answer.Length is > HeldLength || (answer.Length is null && protocol == RpcProtocol.Http))
            {
                response.Content = new StreamContent(answer.Message);
                Begin(http.Response, answer.Length);
                rpc.Succeed();
                return;
            }
            else
            {
                using var buffer = await AnswerBuffer.ReadAsync(answer, options.Value.MaxBufferedAnswer, context.CancellationToken);
                await ReplyAsync(http, rpc, buffer.Memory);
            }
        }
        catch (AnswerException failed)
        {
            rpc.Fail(failed.Outcome, failed.Message, failed.Fault);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or InvalidDataException && !http.RequestAborted.IsCancellationRequested)
        {
            rpc.Fail(RpcOutcome.SubServiceFailed, $"the answer broke off: {broken.GetBaseException().Message}", CallFault.Broken);
        }

        context.SuppressResponseBody = true;
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

    private static void Begin(HttpResponse response, long? length)
    {
        response.ContentType = RpcContent.Type;
        response.ContentLength = length;
    }
}
