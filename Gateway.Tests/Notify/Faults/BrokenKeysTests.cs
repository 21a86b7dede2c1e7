using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Support;
using StackExchange.Redis;

namespace Gateway.Tests.Notify.Faults;

/// <summary>One key that is not what the scripts take it for, or not there: it must concern its own user alone, and not for ever.</summary>
[TestFixture]
[Servers]
internal sealed class BrokenKeysTests
{
    /// <summary>As where a key is refused, or has moved to another node of a cluster while its slot moves.</summary>
    [Test]
    public async Task LeaveThatFailsHalfWay_LeavesNoGhost()
    {
        await using var nodes = await NodesFixture.StartAsync(1, new() { ["Gateway:Notify:LastDisconnectGrace"] = "00:00:01" });
        await using var alice = await nodes.JoinAsync(0, "alice");
        var user = await KeyAsync(nodes, "user", "alice");
        await nodes.Database.KeyRenameAsync(user, $"{user}:away");
        await nodes.Database.StringSetAsync(user, "");
        await alice.CloseAsync();
        await Eventually.That(() => nodes.Nodes[0].Log.Named("HubRefused").Count > 0, "the leave has been refused");
        await nodes.Database.KeyRenameAsync($"{user}:away", user);

        await Eventually.That(async () => (await nodes.SocketsOfAsync("alice")).Count == 0, "nobody has a seat whose socket has gone");
        await Eventually.That(async () => !await nodes.Database.KeyExistsAsync("alice"), "the marker is gone");
    }

    /// <summary>Nobody else of the same call misses an event.</summary>
    [Test]
    public async Task LogOfAnotherType_ConcernsItsUserAlone()
    {
        await using var nodes = await NodesFixture.StartAsync(2);
        var (bad, good) = await NamesakesAsync(nodes);
        await using var broken = await nodes.JoinExtendedAsync(0, bad);
        await using var plain = await nodes.JoinAsync(1, good);
        await nodes.Database.StringSetAsync(await KeyAsync(nodes, "log", bad), "of somebody else");
        await nodes.PublishAsync(0, [bad, good], HubFixture.Removed("1"));
        await nodes.PublishAsync(0, [good], HubFixture.Removed("2"));
        Assert.That(await plain.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("1")));
    }

    /// <summary>Logs and numbers of one call may be written in part; an old event must not come again under a new number.</summary>
    [Test]
    public async Task PublishThatFailsHalfWay_DoesNotMakeOldEventsNewOnes()
    {
        await using var nodes = await NodesFixture.StartAsync(1, SlowBeats);
        var (bad, good) = await NamesakesAsync(nodes);
        await using var broken = await nodes.JoinExtendedAsync(0, bad);
        await using var client = await nodes.JoinExtendedAsync(0, good);
        await nodes.PublishAsync(0, [good], HubFixture.Removed("1"));
        Assert.That((await client.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("1")));
        await nodes.Database.StringSetAsync(await KeyAsync(nodes, "log", bad), "of somebody else");
        await nodes.PublishAsync(0, [bad, good], HubFixture.Removed("2"));
        await nodes.PublishAsync(0, [good], HubFixture.Removed("3"));

        await client.SendAsync(new ClientFrame { Resume = new Resume { Epoch = client.Epoch, Sequence = client.Sequence } });
        List<string> told = [];
        var isResumed = false;
        while (await client.TryReceiveFrameAsync() is { } frame && frame.Resumed is not { Resumed_: false })
        {
            isResumed |= frame.Resumed is not null;
            if (frame.Event?.Notify is { } notify)
            {
                told.Add(notify.FriendRemove.UserId);
                if (isResumed && told[^1] == "3")
                {
                    // Told anew, or only now: it is the last one either way.
                    break;
                }
            }
        }

        Assert.That(told, Does.Not.Contain("1"), "It has had that");
    }

    /// <summary>One user's seat that cannot be struck keeps nobody from his letters.</summary>
    [Test]
    public async Task UserOfAnotherType_DoesNotKeepTheNodeFromItsLetters()
    {
        await using var nodes = await NodesFixture.StartAsync(1);
        var (bad, good) = await NamesakesAsync(nodes);
        await using var broken = await nodes.JoinAsync(0, bad);
        await using var client = await nodes.JoinAsync(0, good);
        await nodes.Database.StringSetAsync(await KeyAsync(nodes, "user", bad), "of somebody else");
        // Any reason to take seats again will do.
        await nodes.Database.HashDeleteAsync(NodesFixture.Key(await nodes.BucketOfAsync(good), "state"), "epoch");
        await Eventually.That(async () => await nodes.Database.HashExistsAsync(NodesFixture.Key(await nodes.BucketOfAsync(good), "state"), "epoch"), "another epoch has begun");
        await nodes.PublishAsync(0, [good], HubFixture.Removed("1"));
        Assert.That(await client.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("1")));
    }

    /// <summary>As by a client that logs in again and again while another of its user's sockets stays.</summary>
    [Test]
    public async Task UserOfManySessions_DoesNotKeepTheMarkersOfOthers()
    {
        await using var nodes = await NodesFixture.StartAsync(1, new()
        {
            ["Gateway:Notify:OnLastDisconnect"] = "Logout",
            ["Gateway:Notify:LastDisconnectGrace"] = "00:01:00",
        });
        // Of those whose grace ends at the same moment, Redis names the one first who is first in the alphabet.
        var (other, many) = await NamesakesAsync(nodes);
        await using var first = await nodes.JoinAsync(0, many);
        await using var second = await nodes.JoinAsync(0, other);
        var departures = NodesFixture.Key(BucketOf(many), "departures");
        // As by so many sockets that came and went, each with a session of its own.
        await nodes.Database.SetAddAsync(await KeyAsync(nodes, "left", many), [.. Enumerable.Range(0, 9000).Select(i => (RedisValue)$"session-{i}")]);
        await first.CloseAsync();
        await second.CloseAsync();
        await Eventually.That(async () => await nodes.Database.SortedSetLengthAsync(departures) == 2, "both have left");
        // Their grace is over in the same second.
        await nodes.Database.SortedSetAddAsync(departures, [new(other, 1), new(many, 2)]);
        await Eventually.That(async () => !await nodes.Database.KeyExistsAsync(other), "the other one's marker is gone");
    }

    /// <summary>As one of a later version.</summary>
    [Test]
    public async Task LetterThatCannotBeRead_DoesNotHoldUpThoseBehindIt()
    {
        await using var nodes = await NodesFixture.StartAsync(1);
        await using var alice = await nodes.JoinAsync(0, "alice");
        var bucket = await nodes.BucketOfAsync("alice");
        var number = await nodes.Database.HashIncrementAsync(NodesFixture.Key(bucket, "boxes"), nodes.Hub(0).NodeName);
        await nodes.Database.StreamAddAsync(NodesFixture.Key(bucket, $"box:{nodes.Hub(0).NodeName}"), "e", "of a later version", $"{number}-0");
        await nodes.PublishAsync(0, ["alice"], HubFixture.Removed("1"));
        Assert.That(await alice.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("1")));
    }

    /// <summary>FLUSHALL takes the number of buckets along; a node with another number must not be let in afterwards.</summary>
    [Test]
    public async Task NumberOfBuckets_ThatIsGone_IsStillWhatTheNodesInServiceUse()
    {
        await using var nodes = await NodesFixture.StartAsync(1);
        await nodes.Database.ExecuteAsync("FLUSHALL");
        await Eventually.That(async () => await nodes.CountAsync("nodes") == NodesFixture.Buckets, "the node has entered again");
        await using var other = await GatewayFixture.StartAsync("http://127.0.0.1:1", new()
        {
            ["Gateway:Sessions:Store"] = "Redis",
            ["Gateway:Redis:Configuration"] = nodes.Redis.Configuration,
            ["Gateway:Notify:Buckets"] = "4",
        });
        other.ErrorsExpected = true;
        await Eventually.That(() => other.Log.Named("HubBucketsDiffer").Count == 1 || !NodesFixture.HubOf(other).IsDegraded);
        Assert.That(other.Log.Named("HubBucketsDiffer"), Has.Count.EqualTo(1));
    }

    private static Dictionary<string, string?> SlowBeats => new() { ["Gateway:Notify:NodeTimeout"] = "00:01:00" };

    private static async Task<string> KeyAsync(NodesFixture nodes, string kind, string user) =>
        NodesFixture.Key(await nodes.BucketOfAsync(user), $"{kind}:{user}");

    /// <summary>Two users of one bucket, who are logged in.</summary>
    private static async Task<(string First, string Second)> NamesakesAsync(NodesFixture nodes)
    {
        var users = Enumerable.Range(0, 100).Select(i => $"user-{i}").GroupBy(BucketOf).First(bucket => bucket.Count() > 1).Take(2).Order(StringComparer.Ordinal).ToArray();
        foreach (var user in users)
        {
            await nodes.LogInAsync($"s-{user}", user);
        }

        return (users[0], users[1]);
    }

    /// <summary>As EventBus does.</summary>
    public static int BucketOf(string user)
    {
        var hash = user.Aggregate(2166136261, (hash, character) => (hash ^ character) * 16777619);
        return (int)((hash ^ (hash >> 16)) % NodesFixture.Buckets);
    }
}
