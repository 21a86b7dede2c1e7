using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Client;

/// <summary>The client in TypeScript, in Node, on the real hub.</summary>
[TestFixture]
[Servers]
internal sealed class ClientOnHubTests
{
    private HubFixture _hub = null!;
    private TcpRelay _network = null!;
    private ChildProcess? _client;
    private string _folder = "";
    private int _read;

    [SetUp]
    public async Task StartAsync()
    {
        _folder = Directory.CreateTempSubdirectory("gateway-client-").FullName;
        _hub = await HubFixture.StartAsync(new()
        {
            ["Gateway:Notify:SessionCheckInterval"] = "00:00:01",
            ["Gateway:Notify:ReplayEvents"] = "4",
        });
        _hub.Sessions.Set("s-alice-fresh", "alice");
        _network = new TcpRelay(_hub.WebSocketPort.Port);
    }

    [TearDown]
    public async Task StopAsync()
    {
        // None where Node is missing.
        _client?.Dispose();
        await _network.DisposeAsync();
        await _hub.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task Client_AcrossEverythingThatBreaks_LosesNothingOrIsTold()
    {
        await ConnectAsync();
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
        await ToldAsync("load");
        await HappensAsync("after-1");
        await ToldAsync("event after-1");
    }

    [Test]
    public async Task Client_WhoseSessionEnds_GoesOnWithAFreshOne()
    {
        await ConnectAsync();
        _hub.Sessions.Remove("s-alice");
        await ToldAsync("session ended", "authenticated");
        await HappensAsync("after-1");
        await ToldAsync("event after-1");
    }

    [Test]
    public async Task Client_WhoseHandlerFails_LoadsEverythingAndGoesOn()
    {
        await ConnectAsync();
        await HappensAsync("poison", "held-back");
        await ToldAsync("failed poison", "load");
        await HappensAsync("after-1");
        await ToldAsync("event after-1");
    }

    [Test]
    public async Task Client_WhoseSessionIsEndedByAnOperator_ComesBackWithAFreshOne()
    {
        await ConnectAsync();
        await _hub.Hub.DisconnectAsync("alice", "s-alice", CancellationToken.None);
        await ToldAsync("session ended", "resumed 0");
    }

    [Test]
    public async Task Client_StartedAgain_GoesOnFromItsSavedPosition_OrIsToldThatItCannot()
    {
        await ConnectAsync();
        await HappensAsync("live-1");
        await ToldAsync("event live-1");

        await LeaveAsync();
        await HappensAsync("away-1", "away-2");
        await ConnectAsync("gateway.notify.v2", "resumed 2", "event away-1", "event away-2");

        await LeaveAsync();
        await HappensAsync("gone-1", "gone-2", "gone-3", "gone-4", "gone-5");
        await ConnectAsync("gateway.notify.v2", "load");
    }

    [Test]
    public async Task Client_OfThePlainContract_LoadsAfterEachReconnectAndAnotherSession()
    {
        await ConnectAsync("plain");
        await HappensAsync("live-1");
        await ToldAsync("event live-1");

        _network.Cut();
        await ToldAsync("reconnecting");
        await RestoreAsync();
        await ToldAsync("load");
        await LetInAsync();

        _hub.Sessions.Remove("s-alice");
        await ToldAsync("session ended", "load");
        await LetInAsync();
        await HappensAsync("after-1");
        await ToldAsync("event after-1");
    }

    private Task ConnectAsync(string protocol = "gateway.notify.v2") => ConnectAsync(protocol, "load");

    private async Task ConnectAsync(string protocol, params string[] first)
    {
        var address = HubFixture.WebSocketUri(_network.Endpoint, "/ws").ToString();
        _client = await ClientBuild.StartAsync("onHub", address, protocol, "s-alice", "s-alice-fresh", Path.Combine(_folder, "position"));
        _read = 0;
        await ToldAsync(["session start", .. first]);
        await LetInAsync();
    }

    /// <summary>The program ends, as a page does that is closed.</summary>
    private Task LeaveAsync()
    {
        _client!.Dispose();
        return Eventually.That(() => _hub.SocketsOf("alice") == 0, "Alice is still there");
    }

    /// <summary>Plain clients are not told so.</summary>
    private Task LetInAsync() => Eventually.That(() => _hub.SocketsOf("alice") == 1, "Alice has not been let in");

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
