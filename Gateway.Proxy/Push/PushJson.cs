using System.Net.Mime;
using Gateway.Protocol.PushV1;
using Gateway.Proxy.Hosting;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gateway.Proxy.Push;

/// <summary>The push API as JSON: the same requests and answers, in proto3's JSON form.</summary>
internal static class PushJson
{
    private const string Publish = "/v1/publish";
    private const string FindOnline = "/v1/find-online";
    private const string Disconnect = "/v1/disconnect";

    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    public static void MapPushJson(this IEndpointRouteBuilder endpoints, PushCommands commands)
    {
        endpoints.Map<PublishRequest, PublishResponse>(Publish, commands.PublishAsync);
        endpoints.Map<FindOnlineRequest, FindOnlineResponse>(FindOnline, commands.FindOnlineAsync);
        endpoints.Map<DisconnectRequest, DisconnectResponse>(Disconnect, commands.DisconnectAsync);
        // Unknown methods of gRPC are refused by its own endpoints, in its own form.
        endpoints.MapFallback("{**path}", context => RefuseAsync(
            context, PushStatus.HttpOf(StatusCode.Unimplemented), PushStatus.NameOf(StatusCode.Unimplemented),
            $"'{context.Request.Method} {Printable.Text(context.Request.Path)}' is nothing that this port knows; POST to {Publish}, {FindOnline} or {Disconnect}."));
    }

    public static Task RefuseAsync(HttpContext context, int status, string code, string message)
    {
        context.Response.StatusCode = status;
        return WriteAsync(context, new Struct { Fields = { ["code"] = Value.ForString(code), ["message"] = Value.ForString(message) } });
    }

    private static void Map<TRequest, TAnswer>(this IEndpointRouteBuilder endpoints, string path, Func<TRequest, CancellationToken, Task<TAnswer>> ask)
        where TRequest : IMessage, new()
        where TAnswer : IMessage =>
        endpoints.MapPost(path, async context =>
        {
            try
            {
                using var reader = new StreamReader(context.Request.Body);
                var request = JsonParser.Default.Parse<TRequest>(await reader.ReadToEndAsync(context.RequestAborted));
                await WriteAsync(context, await ask(request, context.RequestAborted));
            }
            catch (RpcException refused)
            {
                await RefuseAsync(context, PushStatus.HttpOf(refused.StatusCode), PushStatus.NameOf(refused.StatusCode), refused.Status.Detail);
            }
            catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidJsonException)
            {
                await RefuseAsync(
                    context, PushStatus.HttpOf(StatusCode.InvalidArgument), PushStatus.NameOf(StatusCode.InvalidArgument),
                    $"The body is no {new TRequest().Descriptor.Name} of proto/push.proto as JSON ({exception.Message.TrimEnd('.')}).");
            }
            catch (BadHttpRequestException exception)
            {
                await RefuseAsync(context, exception.StatusCode, PushStatus.NameOf(StatusCode.InvalidArgument), exception.Message);
            }
        });

    private static Task WriteAsync(HttpContext context, IMessage answer)
    {
        context.Response.ContentType = MediaTypeNames.Application.Json;
        return context.Response.WriteAsync(Formatter.Format(answer));
    }
}
