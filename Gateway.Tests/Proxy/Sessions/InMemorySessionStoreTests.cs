using Gateway.Proxy.Sessions;
using Gateway.Transforms.Identity;

namespace Gateway.Tests.Proxy.Sessions;

public sealed class InMemorySessionStoreTests : SessionStoreContract
{
    private InMemorySessionStore _sut;

    protected override ISessionStore Store => _sut;

    [SetUp]
    public void SetUp() => _sut = new InMemorySessionStore();

    protected override Task SetAsync(string sessionId, string userId)
    {
        _sut.Set(sessionId, userId);
        return Task.CompletedTask;
    }

    protected override Task RemoveAsync(string sessionId)
    {
        Assert.That(_sut.Remove(sessionId), Is.True);
        return Task.CompletedTask;
    }
}
