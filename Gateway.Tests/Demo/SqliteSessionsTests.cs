using ChatDemo.Accounts;
using ChatDemo.Storage;
using Gateway.Tests.Proxy.Sessions;
using Gateway.Transforms.Identity;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Demo;

[TestFixture]
public sealed class SqliteSessionsTests : SessionStoreContract
{
    private readonly FakeTimeProvider _time = new();
    private DirectoryInfo _folder;
    private SqliteSessions _sut;

    protected override ISessionStore Store => _sut;

    [SetUp]
    public void SetUp()
    {
        _folder = Directory.CreateTempSubdirectory("gateway-sessions-");
        _sut = Open();
    }

    [TearDown]
    public void TearDown() => _folder.Delete(recursive: true);

    [Test]
    public async Task FindUser_WrittenBeforeARestart_IsFoundUntilItExpires()
    {
        await _sut.WriteAsync("s-alice", "alice");

        _sut = Open();
        Assert.That(await _sut.FindUserAsync("s-alice", CancellationToken.None), Is.EqualTo(SessionLookup.Of("alice")));

        _time.Advance(ISessionWriter.Lifetime);
        Assert.That(await _sut.FindUserAsync("s-alice", CancellationToken.None), Is.EqualTo(SessionLookup.NotFound));
    }

    [Test]
    public async Task FindUser_EndedBeforeARestart_StaysEnded()
    {
        await _sut.WriteAsync("s-alice", "alice");
        await _sut.EndSessionAsync("s-alice", CancellationToken.None);

        _sut = Open();
        Assert.That(await _sut.FindUserAsync("s-alice", CancellationToken.None), Is.EqualTo(SessionLookup.NotFound));
    }

    protected override Task SetAsync(string sessionId, string userId) => _sut.WriteAsync(sessionId, userId);

    protected override Task RemoveAsync(string sessionId)
    {
        _sut.Remove(sessionId);
        return Task.CompletedTask;
    }

    private SqliteSessions Open() => new(new Database(new DataFolder(_folder.FullName)), _time);
}
