using Gateway.Tests.Support;
using Gateway.Transforms.Identity;

namespace Gateway.Tests.Proxy.Sessions;

/// <summary>What every session store does, whatever it keeps sessions in.</summary>
public abstract class SessionStoreContract
{
    private const string Session = "s-alice";

    /// <summary>Made anew for each test, with nothing in it.</summary>
    protected abstract ISessionStore Store { get; }

    protected abstract Task SetAsync(string sessionId, string userId);

    protected abstract Task RemoveAsync(string sessionId);

    [Test]
    public async Task FindUser_NoSuchSession_IsNotFound() => Assert.That(await FindAsync(), Is.EqualTo(SessionLookup.NotFound));

    [Test]
    public async Task FindUser_SessionExists_GivesItsUserAgainAndAgain()
    {
        await SetAsync(Session, "用户-1");

        for (var i = 0; i < 10; i++)
        {
            Assert.That(await FindAsync(), Is.EqualTo(SessionLookup.Of("用户-1")));
        }
    }

    [Test]
    public async Task FindUser_OpenedAfterItWasAskedFor_IsFound()
    {
        await FindAsync();
        await SetAsync(Session, "alice");

        Assert.That(await FindAsync(), Is.EqualTo(SessionLookup.Of("alice")));
    }

    [Test]
    public async Task FindUser_SessionRemoved_IsOut()
    {
        await SetAsync(Session, "alice");
        await FindAsync();
        await RemoveAsync(Session);

        await Eventually.That(async () => await FindAsync() == SessionLookup.NotFound);
    }

    [Test]
    public async Task FindUser_SessionOfSomebodyElseNow_GivesTheNewUser()
    {
        await SetAsync(Session, "alice");
        await FindAsync();
        await SetAsync(Session, "bob");

        await Eventually.That(async () => await FindAsync() == SessionLookup.Of("bob"));
    }

    [Test]
    public async Task FindUser_ManyAtOnce_EachGetsItsOwnUser()
    {
        var numbers = Enumerable.Range(0, 200).ToArray();
        foreach (var i in numbers)
        {
            await SetAsync($"s{i}", $"u{i}");
        }

        var found = await Task.WhenAll(numbers.Concat(numbers).Select(i => FindAsync($"s{i}")));

        Assert.That(found.Select(lookup => lookup.UserId), Is.EqualTo(numbers.Concat(numbers).Select(i => $"u{i}")));
    }

    /// <summary>The same question, but a busy machine may keep the store from answering in time.</summary>
    private async Task<SessionLookup> FindAsync(string sessionId = Session)
    {
        var lookup = SessionLookup.StoreDown;
        await Eventually.That(async () => (lookup = await Store.FindUserAsync(sessionId, CancellationToken.None).DefaultTimeout()).StoreAnswered, "the store answers");
        return lookup;
    }
}
