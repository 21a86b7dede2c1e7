using Gateway.Protocol.PushV1;
using Gateway.Tests.Notify;
using Gateway.Tests.Support;

namespace Gateway.Tests.Functional.Push;

/// <summary>What a sub-service does to sockets whose clients have shown a token in place of a session id.</summary>
[TestFixture]
internal sealed class PushOfTokensTests : PushTest
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-jwt-").FullName;
    private HubFixture _hub = null!;

    [SetUp]
    public async Task StartAsync()
    {
        var secret = Path.Combine(_folder, "secret");
        await File.WriteAllTextAsync(secret, TestTokens.Secret);
        _hub = await HubFixture.StartAsync(Settings(("Gateway:Jwt:SecretFile", secret)));
    }

    [TearDown]
    public async Task StopAsync() => await _hub.DisposeAsync();

    [OneTimeTearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase("")]
    [TestCase("alice")]
    public async Task Disconnect_ByAToken_ClosesItsSocketsAlone(string user)
    {
        var token = TestTokens.Hs256();
        await using var shown = await _hub.JoinAsync("alice", session: token);
        await using var other = await _hub.JoinAsync("alice", session: TestTokens.Hs256(TestTokens.Claims(further: ("jti", "j2"))));
        await using var session = await _hub.JoinAsync("alice");

        var answer = await Client(_hub.Gateway).DisconnectAsync(new DisconnectRequest { UserId = user, SessionId = token });

        Assert.That(answer, Is.EqualTo(new DisconnectResponse { UserId = "alice", OpenBefore = 3 }));
        Assert.That((await shown.ReceiveCloseAsync()).Code, Is.EqualTo(4440));
        await Eventually.That(() => _hub.SocketsOf("alice") == 2);
    }
}
