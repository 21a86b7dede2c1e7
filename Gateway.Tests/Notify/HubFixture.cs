using Gateway.Notify.Delivery;
using Gateway.Protocol;
using Gateway.Proxy.Sessions;
using Gateway.Tests.Support;
using Gateway.Transforms.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Tests.Notify;

/// <summary>The hub in a real gateway, and what a test needs to speak to it.</summary>
internal sealed class HubFixture : IAsyncDisposable
{
    private readonly GatewayFixture _gateway;

    private HubFixture(GatewayFixture gateway) => _gateway = gateway;

    public NotifyHub Hub => _gateway.Services.GetRequiredService<NotifyHub>();

    public InMemorySessionStore Sessions => _gateway.Sessions;

    public RecordingLoggerProvider Log => _gateway.Log;

    public GatewayFixture Gateway => _gateway;

    public Uri HttpPort => WebSocketUri(_gateway.Urls[0], "/ws");

    public Uri WebSocketPort => WebSocketUri(_gateway.Urls[1], "/ws");

    public Uri WebSocketPortRoot => WebSocketUri(_gateway.Urls[1], "/");

    public static async Task<HubFixture> StartAsync(
        Dictionary<string, string?>? settings = null, Action<WebApplicationBuilder>? configure = null, string subService = "http://127.0.0.1:1")
    {
        var gateway = await GatewayFixture.StartAsync(subService, settings, builder =>
        {
            // The hub itself and not the fixture's recorder.
            builder.Services.RemoveAll<IEventPublisher>();
            configure?.Invoke(builder);
        });
        var hub = new HubFixture(gateway);
        foreach (var user in new[] { "alice", "bob", "carol" })
        {
            gateway.Sessions.Set($"s-{user}", user);
        }

        return hub;
    }

    public static Uri WebSocketUri(string url, string path) => new(url.Replace("http://", "ws://") + path);

    /// <summary>Connects a user and waits until the hub tells him events.</summary>
    public async Task<NotifyClient> JoinAsync(string user, Uri? address = null, string? session = null)
    {
        var before = SocketsOf(user);
        var client = await NotifyClient.JoinAsync(address ?? WebSocketPort, session ?? $"s-{user}");
        await Eventually.That(() => SocketsOf(user) > before, $"'{user}' has not been let in");
        return client;
    }

    public int SocketsOf(string user) => Hub.FindSocketsAsync(user, CancellationToken.None).GetAwaiter().GetResult().Count;

    public Task PublishAsync(IReadOnlyList<string> recipients, NotifyMessage message) =>
        Hub.PublishAsync(recipients, message, CancellationToken.None).DefaultTimeout();

    public static NotifyMessage Removed(string by) =>
        new() { NotifyType = NotifyType.FriendRemoveNotify, FriendRemove = new NotifyFriendRemove { UserId = by } };

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();
}
