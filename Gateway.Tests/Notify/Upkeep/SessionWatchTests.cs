using Gateway.Tests.Support;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Notify.Upkeep;

/// <summary>The session of an open socket is looked up again and again. Only a store that says so ends it.</summary>
[TestFixture]
internal sealed class SessionWatchTests
{
    [Test]
    public async Task Check_StoreDoesNotAnswer_EndsNoSocket()
    {
        var store = new ChangingStore { Answer = SessionLookup.Of("alice") };
        await using var hub = await HubFixture.StartAsync(
            new() { ["Gateway:Notify:SessionCheckInterval"] = "00:00:01" }, builder => builder.Services.AddSingleton<ISessionStore>(store));
        await using var plain = await hub.JoinAsync("alice");
        await using var extended = await ExtendedClient.JoinAsync(hub.WebSocketPort, "s-alice");

        store.Answer = SessionLookup.StoreDown;
        var before = store.Lookups;
        await Eventually.That(() => store.Lookups >= before + 6);

        await hub.PublishAsync(["alice"], HubFixture.Removed("bob"));
        Assert.That(await plain.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("bob")));
        Assert.That((await extended.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("bob")), "It was not even told that its session had ended");
        store.Answer = SessionLookup.NotFound;
        Assert.That(await plain.ReceiveCloseAsync(), Is.EqualTo((4440, "session-ended")));
    }

    [Test]
    public async Task Check_SessionIsSomebodyElsesNow_EndsTheSocket()
    {
        var store = new ChangingStore { Answer = SessionLookup.Of("alice") };
        await using var hub = await HubFixture.StartAsync(
            new() { ["Gateway:Notify:SessionCheckInterval"] = "00:00:01" }, builder => builder.Services.AddSingleton<ISessionStore>(store));
        await using var socket = await hub.JoinAsync("alice");

        store.Answer = SessionLookup.Of("bob");

        Assert.That(await socket.ReceiveCloseAsync(), Is.EqualTo((4440, "session-ended")));
    }

    private sealed class ChangingStore : ISessionStore
    {
        private int _lookups;
        private volatile Box _answer = new(SessionLookup.NotFound);

        public SessionLookup Answer
        {
            get => _answer.Value;
            set => _answer = new Box(value);
        }

        public int Lookups => Volatile.Read(ref _lookups);

        public ValueTask<SessionLookup> FindUserAsync(string sessionId, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _lookups);
            return new(_answer.Value);
        }

        private sealed record Box(SessionLookup Value);
    }
}
