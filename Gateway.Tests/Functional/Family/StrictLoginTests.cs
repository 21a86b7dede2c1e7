using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Family;

/// <summary>A user service that refuses a login while the marker exists, and clients that log in again right after they have closed.</summary>
[TestFixture]
[Servers]
internal sealed class StrictLoginTests() : RedisFamilyTest("strict-login")
{
    private int _sessions;

    [SetUp]
    public async Task LogOutAsync()
    {
        await Database.KeyDeleteAsync("status:alice");
        Service.OnCall = async (context, _) =>
        {
            // As it is written there: the marker is looked for and set in one step.
            var isFree = await Database.StringSetAsync("status:alice", "", when: StackExchange.Redis.When.NotExists);
            var session = $"s-alice-{Interlocked.Increment(ref _sessions)}";
            if (isFree)
            {
                await Database.StringSetAsync($"session:{session}", "alice");
            }

            var answer = isFree
                ? new UserLoginRsp { RequestId = "r1", Success = true, LoginSessionId = session }
                : new UserLoginRsp { RequestId = "r1", Errmsg = "already logged in" };
            await StubSubService.AnswerAsync(context, answer.ToByteArray());
        };
    }

    [Test]
    public async Task ClosedInOrder_CanLogInAsSoonAsTheCloseIsAnswered()
    {
        for (var i = 0; i < 5; i++)
        {
            var login = await LogInAsync();
            Assert.That(login.Success, login.Errmsg);
            var alice = await Hub.JoinAsync("alice", session: login.LoginSessionId);
            Assert.That((await LogInAsync()).Success, Is.False, "She is online");
            await alice.CloseAsync();
            await alice.DisposeAsync();
        }
    }

    [Test]
    public async Task Broken_KeepsTheMarkerForTheGrace()
    {
        var alice = await Hub.JoinAsync("alice", session: (await LogInAsync()).LoginSessionId);
        await alice.DisposeAsync();
        await Eventually.That(() => Hub.SocketsOf("alice") == 0, "the gateway has noticed");
        Assert.That((await LogInAsync()).Success, Is.False);
        await Eventually.That(async () => (await LogInAsync()).Success, "the grace is over");
    }

    /// <summary>The new login has the place of the old socket, so the user has not gone; nor is he taken for gone when that one ends.</summary>
    [Test]
    public async Task ClosedInOrder_WhileAnotherSocketIsOpen_KeepsTheMarker()
    {
        var session = (await LogInAsync()).LoginSessionId;
        var first = await Hub.JoinAsync("alice", session: session);
        await using var second = await Hub.JoinAsync("alice", session: session);
        await first.CloseAsync();
        await first.DisposeAsync();
        Assert.That(await Database.KeyExistsAsync("status:alice"));
        await second.CloseAsync();
        Assert.That(await Database.KeyExistsAsync("status:alice"), Is.False);
    }

    private Task<UserLoginRsp> LogInAsync() => CallAsync<UserLoginRsp>("/service/user/username_login", new UserLoginReq { RequestId = "r1", Nickname = "alice" });
}
