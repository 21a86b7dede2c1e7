using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Client;

/// <summary>The client library, in Node, on the real hub.</summary>
[TestFixture]
[Servers]
internal sealed class ClientOnHubTests
{
    private HubFixture _hub = null!;
    private TcpRelay _network = null!;
    private ChildProcess? _client;
    private int _read;

    [SetUp]
    public async Task StartAsync()
    {
        _read = 0;
        _hub = await HubFixture.StartAsync(new()
        {
            ["Gateway:Notify:SessionCheckInterval"] = "00:00:01",
            ["Gateway:Notify:ReplayEvents"] = "4",
        });
        _hub.Sessions.Set("s-alice-fresh", "alice");
        _network = new TcpRelay(_hub.WebSocketPort.Port);
        _client = await ClientBuild.StartAsync("client", HubFixture.WebSocketUri(_network.Endpoint, "/ws").ToString(), "s-alice", "s-alice-fresh");
        await ToldAsync("fresh");
    }

    [TearDown]
    public async Task StopAsync()
    {
        // None where Node is missing.
        _client?.Dispose();
        await _network.DisposeAsync();
        await _hub.DisposeAsync();
    }

    [Test]
    public async Task Client_AcrossEverythingThatBreaks_LosesNothingOrIsTold()
    {
        await HappensAsync("live-1", "live-2");
        await ToldAsync("event live-1", "event live-2");

        _network.Cut();
        await ToldAsync("reconnecting");
        await HappensAsync("cut-1", "cut-2");
        await RestoreAsync();
        await ToldAsync("resumed 2", "event cut-1", "event cut-2");

        // Both ends believe in the connection, and nothing comes through.
        _network.Stall();
        await HappensAsync("stalled-1");
        await _client!.SignalAsync("USR2");
        await ToldAsync("reconnecting");
        _network.CloseAll();
        await RestoreAsync();
        await ToldAsync("resumed 1", "event stalled-1");

        _network.Cut();
        await ToldAsync("reconnecting");
        await HappensAsync("gone-1", "gone-2", "gone-3", "gone-4", "gone-5");
        await RestoreAsync();
        await ToldAsync("fresh");
        await HappensAsync("after-1");
        await ToldAsync("event after-1");
    }

    [Test]
    public async Task Client_WhoseSessionEnds_GoesOnWithAFreshOne()
    {
        _hub.Sessions.Remove("s-alice");
        await ToldAsync("session ended", "authenticated");
        await HappensAsync("after-1");
        await ToldAsync("event after-1");
    }

    [Test]
    public async Task Client_WhoseHandlerFails_LoadsEverythingAndGoesOn()
    {
        await HappensAsync("poison", "held-back");
        await ToldAsync("failed poison", "fresh");
        await HappensAsync("after-1");
        await ToldAsync("event after-1");
    }

    [Test]
    public async Task Client_WhoseSessionIsEndedByAnOperator_ComesBackWithAFreshOne()
    {
        await _hub.Hub.DisconnectAsync("alice", "s-alice", CancellationToken.None);
        await ToldAsync("session ended", "resumed 0");
    }

    /// <summary>The network is back, and the client is told so, or it would wait longer each time.</summary>
    private Task RestoreAsync()
    {
        _network.Restore();
        return _client!.SignalAsync("USR2");
    }

    private async Task HappensAsync(params string[] events)
    {
        foreach (var name in events)
        {
            await _hub.PublishAsync(["alice"], HubFixture.Removed(name));
        }
    }

    /// <summary>The next lines of the client are these.</summary>
    private async Task ToldAsync(params string[] lines)
    {
        await Eventually.That(() => Told().Count >= _read + lines.Length, $"The client is to tell: {string.Join(", ", lines)}");
        Assert.That(Told().Skip(_read).Take(lines.Length), Is.EqualTo(lines), () => _client!.Output);
        _read += lines.Length;
    }

    /// <summary>Without what attempts in vain add.</summary>
    private List<string> Told()
    {
        var lines = _client!.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Where((line, i) => line != "reconnecting" || i == 0 || lines[i - 1] != line)];
    }
}
