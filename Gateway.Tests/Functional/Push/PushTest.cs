using System.Text;
using System.Text.Json;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Grpc.Core;
using Grpc.Net.Client;
using PushClient = Gateway.Protocol.PushV1.Push.PushClient;

namespace Gateway.Tests.Functional.Push;

/// <summary>What a sub-service does at the push port.</summary>
internal abstract class PushTest
{
    protected const string Token = "a-token-of-some-length";

    private readonly HttpClient _http = new();
    private readonly List<GrpcChannel> _channels = [];

    protected static Dictionary<string, string?> Settings(params (string Name, string Value)[] further)
    {
        var settings = new Dictionary<string, string?> { ["Gateway:Push:Port"] = "0", ["Gateway:Push:JsonPort"] = "0", ["Gateway:Push:Token"] = Token };
        foreach (var (name, value) in further)
        {
            settings[name] = value;
        }

        return settings;
    }

    /// <summary>An event that clients of the contract know.</summary>
    protected static NotifyMessage Removed(string by) => new() { NotifyType = NotifyType.FriendRemoveNotify, FriendRemove = new NotifyFriendRemove { UserId = by } };

    /// <summary>It stands before that for JSON, and both before the management port.</summary>
    protected static Uri PortOf(GatewayFixture gateway) => new(gateway.Urls[^3]);

    protected static Uri JsonPortOf(GatewayFixture gateway) => new(gateway.Urls[^2]);

    protected PushClient Client(GatewayFixture gateway, string token = Token)
    {
        var channel = GrpcChannel.ForAddress(PortOf(gateway), new GrpcChannelOptions
        {
            UnsafeUseInsecureChannelCallCredentials = true,
            Credentials = ChannelCredentials.Create(ChannelCredentials.Insecure, CallCredentials.FromInterceptor((_, metadata) =>
            {
                metadata.Add("authorization", $"Bearer {token}");
                return Task.CompletedTask;
            })),
        });
        _channels.Add(channel);
        return new PushClient(channel);
    }

    protected async Task<(int Status, JsonElement Answer)> PostAsync(GatewayFixture gateway, string path, string body, string token = Token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(JsonPortOf(gateway), path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Bearer", token);
        using var response = await _http.SendAsync(request).DefaultTimeout();
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    [OneTimeTearDown]
    public void DisposeClients()
    {
        _http.Dispose();
        _channels.ForEach(channel => channel.Dispose());
    }
}
