using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace ChatDemo.Smoke;

/// <summary>What the gateway answered: the message, and the header that tells its own refusals apart.</summary>
internal sealed record Reply<TResponse>(TResponse Message, bool Success, string Errmsg, string? GatewayError);

/// <summary>A chat client as the gateway sees it: posts protobuf, and checks what holds for every reply.</summary>
internal sealed class SmokeClient(HttpClient http)
{
    private const string Protobuf = "application/x-protobuf";

    private readonly HashSet<string> _calledPaths = [];
    private int _requests;

    public IReadOnlySet<string> CalledPaths => _calledPaths;

    public async Task<Reply<TResponse>> SendAsync<TRequest, TResponse>(Endpoint<TRequest, TResponse> endpoint, TRequest request)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse>, new()
    {
        _calledPaths.Add(endpoint.Path);
        var requestId = $"smoke-{++_requests}";
        Set(request, "request_id", requestId);

        using var content = new ByteArrayContent(request.ToByteArray());
        content.Headers.ContentType = new MediaTypeHeaderValue(Protobuf);
        using var response = await http.PostAsync(endpoint.Path, content);
        Expect.Equal(HttpStatusCode.OK, response.StatusCode);
        Expect.Equal(Protobuf, response.Content.Headers.ContentType?.MediaType);

        var message = new TResponse();
        message.MergeFrom(await response.Content.ReadAsByteArrayAsync());
        Expect.Equal(requestId, Get<string>(message, "request_id"), "request_id of the reply");
        var gatewayError = response.Headers.TryGetValues("x-gateway-error", out var values) ? values.First() : null;
        return new(message, Get<bool>(message, "success"), Get<string>(message, "errmsg"), gatewayError);
    }

    /// <summary>Sends a request that must succeed.</summary>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(Endpoint<TRequest, TResponse> endpoint, TRequest request)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse>, new()
    {
        var reply = await SendAsync(endpoint, request);
        Expect.True(reply.Success, $"success from {endpoint.Path}", reply.Errmsg);
        return reply.Message;
    }

    /// <summary>Sends a request that a service must refuse, with this sentence.</summary>
    public async Task RefusedAsync<TRequest, TResponse>(Endpoint<TRequest, TResponse> endpoint, TRequest request, string errmsg)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse>, new()
    {
        var reply = await SendAsync(endpoint, request);
        Expect.Equal(false, reply.Success, $"success of {endpoint.Path}");
        Expect.Equal(errmsg, reply.Errmsg, $"errmsg of {endpoint.Path}");
        Expect.Equal(null, reply.GatewayError, "x-gateway-error");
    }

    /// <summary>Every message has its request_id, and most a session_id, so one helper can fill them in by name.</summary>
    public static void Set(IMessage message, string field, object value) =>
        message.Descriptor.FindFieldByName(field).Accessor.SetValue(message, value);

    private static T Get<T>(IMessage message, string field) =>
        (T)message.Descriptor.FindFieldByName(field).Accessor.GetValue(message);
}
