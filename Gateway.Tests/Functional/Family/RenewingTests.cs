using Gateway.Protocol;
using Gateway.Tests.Support;

namespace Gateway.Tests.Functional.Family;

/// <summary>Sessions and markers that live on while they are used.</summary>
[TestFixture]
[Servers]
internal sealed class RenewingTests() : RedisFamilyTest("renewing")
{
    private static readonly TimeSpan Short = TimeSpan.FromMinutes(2);

    [Test]
    public async Task OpenSocket_RenewsItsSessionAndMarker()
    {
        await LogInAsync("alice", Short);
        await using var alice = await Hub.JoinAsync("alice");

        await Eventually.That(async () => await LifeOfAsync("s-alice") > TimeSpan.FromHours(23), "the session lives on");
        await Eventually.That(async () => await LifeOfAsync("status:alice") > TimeSpan.FromMinutes(9), "the marker lives on");
        await alice.CloseAsync();
        Assert.That(await Database.KeyExistsAsync("status:alice"), Is.False, "It goes as soon as she has gone");
    }

    [Test]
    public async Task Call_RenewsItsSession_AndNotTheMarker()
    {
        await LogInAsync("bob", Short);
        Service.Answer(new GetUserInfoRsp { RequestId = "r1", Success = true });

        await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", SessionId = "s-bob" });

        await Eventually.That(async () => await LifeOfAsync("s-bob") > TimeSpan.FromHours(23), "the session lives on");
        Assert.That(await LifeOfAsync("status:bob"), Is.LessThanOrEqualTo(Short));
    }

    [Test]
    public async Task SessionWithoutALifetime_StaysWithout()
    {
        await LogInAsync("carol", null);
        await LogInAsync("alice", Short);
        await using var carol = await Hub.JoinAsync("carol");
        // Who joins later is renewed no sooner.
        await using var alice = await Hub.JoinAsync("alice");

        await Eventually.That(async () => await LifeOfAsync("status:alice") > Short, "the others are renewed");
        Assert.That(await Database.KeyExistsAsync(["s-carol", "status:carol"]), Is.EqualTo(2));
        Assert.That((await LifeOfAsync("s-carol"), await LifeOfAsync("status:carol")), Is.EqualTo(((TimeSpan?)null, (TimeSpan?)null)));
        await carol.CloseAsync();
        await alice.CloseAsync();
    }

    private async Task LogInAsync(string user, TimeSpan? life)
    {
        await Database.StringSetAsync($"s-{user}", user);
        await Database.StringSetAsync($"status:{user}", "");
        await Database.KeyExpireAsync($"s-{user}", life);
        await Database.KeyExpireAsync($"status:{user}", life);
    }

    private Task<TimeSpan?> LifeOfAsync(string key) => Database.KeyTimeToLiveAsync(key);
}
