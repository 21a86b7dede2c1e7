using Gateway.Protocol;
using Google.Protobuf;

namespace ChatDemo.Smoke;

/// <summary>Someone in the story. Once logged in, their requests carry their session and their devices hear of events.</summary>
internal sealed class Person(SmokeClient client, string nickname, string phone) : IDisposable
{
    private readonly List<NotifySocket> _devices = [];

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

    /// <summary>Opens a socket on one more device.</summary>
    public async Task ConnectAsync(string device, Uri address, string? origin = null) =>
        _devices.Add(await NotifySocket.OpenAsync($"{Nickname}'s {device}", address, SessionId, origin));

    /// <summary>The next event, which must be of this type and the same on every device.</summary>
    public async Task<NotifyMessage> HearAsync(NotifyType type)
    {
        var message = await _devices[0].NextAsync();
        Expect.True(message.NotifyType == type, $"{type} for {Nickname}", message);
        foreach (var device in _devices.Skip(1))
        {
            Expect.Equal(message, await device.NextAsync(), $"event on another device of {Nickname}");
        }

        return message;
    }

    public async Task LeaveAsync()
    {
        foreach (var device in _devices)
        {
            Expect.Equal("1000 closed-by-client", await device.LeaveAsync(), $"close frame for {Nickname}");
        }
    }

    public void Dispose() => _devices.ForEach(device => device.Dispose());

    private TRequest Signed<TRequest>(TRequest request)
        where TRequest : IMessage<TRequest>
    {
        SmokeClient.Set(request, "session_id", SessionId);
        return request;
    }
}
