using Google.Protobuf;

namespace ChatDemo.Smoke;

/// <summary>Someone in the story. Once logged in, their requests carry their session.</summary>
internal sealed class Person(SmokeClient client, string nickname, string phone)
{
    public string Nickname { get; set; } = nickname;

    public string Password { get; } = "correct horse";

    public string Phone => phone;

    public string SessionId { get; set; } = "";

    public string UserId { get; set; } = "";

    public Task<TResponse> CallAsync<TRequest, TResponse>(Endpoint<TRequest, TResponse> endpoint, TRequest request)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse>, new() =>
        client.CallAsync(endpoint, Signed(request));

    public Task RefusedAsync<TRequest, TResponse>(Endpoint<TRequest, TResponse> endpoint, TRequest request, string errmsg)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse>, new() =>
        client.RefusedAsync(endpoint, Signed(request), errmsg);

    private TRequest Signed<TRequest>(TRequest request)
        where TRequest : IMessage<TRequest>
    {
        SmokeClient.Set(request, "session_id", SessionId);
        return request;
    }
}
