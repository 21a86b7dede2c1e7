using System.Globalization;
using Gateway.Notify.Connections;
using Gateway.Notify.Presence;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>What the hub keeps in Redis, as calls. Each waits at most RedisTimeout and then fails.</summary>
internal sealed class HubStore(IRedisSource source, IOptions<NotifyOptions> options, NodeName node, TimeProvider time)
{
    // What is larger is put down once, and not sent along with the notice to each recipient.
    private const int LargestInline = 64 << 10;

    // Long enough for the slowest node to fetch it; replay after that has to say that it is gone.
    private static readonly TimeSpan BodyLife = TimeSpan.FromMinutes(1);

    // Where nobody can resume, events are only kept so that a node whose connection broke can make up for it.
    private const int RepairEvents = 256;
    private static readonly TimeSpan RepairAge = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LeftSessionsLife = TimeSpan.FromDays(1);
    private static readonly TimeSpan ClaimLife = TimeSpan.FromSeconds(5);

    private readonly HubKeys _keys = new(options.Value.KeyPrefix);
    private readonly SeatRules _rules = SeatRules.Of(options.Value);

    private long FeedLife => (long)options.Value.ReplayAge.TotalMilliseconds;

    /// <summary>Whether the user's channel is being listened to right now.</summary>
    public static bool IsListening(IConnectionMultiplexer redis, RedisChannel channel) => redis.GetSubscriber().IsConnected(channel);

    public Task<IConnectionMultiplexer> ConnectAsync(CancellationToken cancellationToken) =>
        source.GetAsync().WaitAsync(options.Value.RedisTimeout, time, cancellationToken);

    /// <summary>Puts a large event down where all nodes find it.</summary>
    public async Task<bool> KeepLargeAsync(HubEvent hubEvent, CancellationToken cancellationToken)
    {
        if (hubEvent.Body.Length <= LargestInline)
        {
            return false;
        }

        await RunAsync(database => database.StringSetAsync(_keys.Body(hubEvent.Id), hubEvent.Body, BodyLife), cancellationToken);
        return true;
    }

    /// <param name="userId">The recipient.</param>
    /// <param name="hubEvent">The event.</param>
    /// <param name="isElsewhere">Whether <see cref="KeepLargeAsync"/> has put its bytes down.</param>
    /// <param name="mayHaveRun">Whether an earlier attempt may have succeeded unseen.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task PublishAsync(string userId, HubEvent hubEvent, bool isElsewhere, bool mayHaveRun, CancellationToken cancellationToken) =>
        EvaluateAsync(
            HubScripts.Publish,
            [_keys.Feed(userId), _keys.Log(userId), _keys.Seats(userId), _keys.Channel(userId)],
            redis =>
            [
                hubEvent.Id.ToString("N"), hubEvent.PublishedAt, isElsewhere ? RedisValue.EmptyString : hubEvent.Body, isElsewhere, mayHaveRun,
                NewEpoch(), FeedLife, PublishCommand(redis), options.Value.ReplayEvents, options.Value.ReplayBytes,
                RepairEvents, (long)RepairAge.TotalMilliseconds,
            ],
            cancellationToken);

    /// <summary>Null when the device policy leaves no room.</summary>
    public async Task<FeedPosition?> JoinAsync(NotifyConnection connection, string predecessor, CancellationToken cancellationToken)
    {
        var userId = connection.UserId;
        var answer = await EvaluateAsync(
            HubScripts.Join,
            [_keys.Feed(userId), _keys.Log(userId), _keys.Seats(userId), _keys.Channel(userId)],
            redis =>
            [
                connection.Id, node.Value, Kind(connection), Since(connection), connection.SessionId, _rules.Max, _rules.ReplacesOwnSession,
                _rules.KicksOldest, predecessor, NewEpoch(), FeedLife, PublishCommand(redis),
            ],
            cancellationToken);
        return (string?)answer[0] == "in" ? Position(answer[1], answer[2]) : null;
    }

    /// <summary>Takes a connection's seat; when it was the user's last on all nodes, the grace for coming back begins.</summary>
    public async Task LeaveForGoodAsync(string userId, string connectionId, CancellationToken cancellationToken)
    {
        if (await LeaveAsync(userId, connectionId, "", cancellationToken) == 0)
        {
            await DepartAsync(userId, null, cancellationToken);
        }
    }

    /// <summary>Takes all seats of a user on this node, where he has none any more.</summary>
    public Task LeaveAllAsync(string userId, CancellationToken cancellationToken) => LeaveAllAsync(userId, node.Value, null, cancellationToken);

    /// <summary>Takes all seats of a user on a node; if he has no other, the grace counts from when the node was last heard of.</summary>
    public async Task LeaveAllAsync(string userId, string goneNode, long? goneAt, CancellationToken cancellationToken)
    {
        if (await LeaveAsync(userId, "", goneNode, cancellationToken) == 0)
        {
            await DepartAsync(userId, goneAt, cancellationToken);
        }

        await RemoveUserAsync(goneNode, userId, cancellationToken);
    }

    /// <summary>Says where the feed stands and which connections of this node have a seat; null when Redis knows nothing of it.</summary>
    public async Task<(FeedPosition Position, IReadOnlySet<string> Seated)?> SyncAsync(string userId, CancellationToken cancellationToken)
    {
        var answer = await EvaluateAsync(
            HubScripts.Sync,
            [_keys.Feed(userId), _keys.Log(userId), _keys.Seats(userId)],
            _ => [node.Value, FeedLife],
            cancellationToken);
        return answer.Length == 0
            ? null
            : (Position(answer[0], answer[1]), Enumerable.Range(2, answer.Length - 2).Select(i => (string)answer[i]!).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>Makes this node's seats of a user exactly the given ones; says how many the user has on all nodes, and where the feed stands.</summary>
    public async Task<(long Seats, FeedPosition Position)> ReseatAsync(
        string userId, IReadOnlyList<NotifyConnection> connections, CancellationToken cancellationToken)
    {
        var answer = await EvaluateAsync(
            HubScripts.Reseat,
            [_keys.Feed(userId), _keys.Log(userId), _keys.Seats(userId)],
            _ =>
            [
                node.Value, NewEpoch(), FeedLife,
                .. connections.SelectMany(connection => new RedisValue[] { connection.Id, Kind(connection), Since(connection), connection.SessionId }),
            ],
            cancellationToken);
        return ((long)answer[0], Position(answer[1], answer[2]));
    }

    /// <summary>The events after one sequence up to another, as far as they are still there.</summary>
    public async Task<IReadOnlyList<NumberedEvent>> ReadAsync(string userId, ulong after, ulong upTo, CancellationToken cancellationToken)
    {
        var entries = await RunAsync(
            database => database.StreamRangeAsync(_keys.Log(userId), $"{after + 1}-0", $"{upTo}-0"), cancellationToken);
        var events = new List<NumberedEvent>(entries.Length);
        foreach (var entry in entries)
        {
            var sequence = ulong.Parse(((string)entry.Id!).AsSpan(..^2), CultureInfo.InvariantCulture);
            var id = Guid.ParseExact((string)entry["id"]!, "N");
            var body = (bool)entry["elsewhere"] ? await FetchLargeAsync(id, cancellationToken) : (ReadOnlyMemory<byte>)entry["body"];
            if (body is { } bytes)
            {
                events.Add(new NumberedEvent(sequence, HubEvent.Of(id, bytes.Span, (long)entry["at"])));
            }
        }

        return events;
    }

    /// <summary>The bytes of a large event; null when they are gone.</summary>
    public async Task<ReadOnlyMemory<byte>?> FetchLargeAsync(Guid eventId, CancellationToken cancellationToken)
    {
        var value = await RunAsync(database => database.StringGetAsync(_keys.Body(eventId)), cancellationToken);
        return value.IsNull ? null : (ReadOnlyMemory<byte>)value;
    }

    public async Task<RedisChannel> ChannelAsync(string userId, CancellationToken cancellationToken)
    {
        var name = _keys.Channel(userId);
        return IsCluster(await ConnectAsync(cancellationToken)) ? RedisChannel.Sharded(name) : RedisChannel.Literal(name);
    }

    public async Task<ChannelMessageQueue> SubscribeAsync(RedisChannel channel, CancellationToken cancellationToken) =>
        await (await ConnectAsync(cancellationToken)).GetSubscriber().SubscribeAsync(channel)
            .WaitAsync(options.Value.RedisTimeout, time, cancellationToken);

    public async Task DisconnectAsync(string userId, string? sessionId, CancellationToken cancellationToken)
    {
        var channel = await ChannelAsync(userId, cancellationToken);
        await RunAsync(database => database.PublishAsync(channel, HubNotice.DisconnectMessage(sessionId)), cancellationToken);
    }

    public async Task<IReadOnlyList<SocketInfo>> FindAsync(string userId, CancellationToken cancellationToken)
    {
        var seats = await RunAsync(database => database.HashGetAllAsync(_keys.Seats(userId)), cancellationToken);
        return [.. seats.Select(seat =>
        {
            var fields = ((string)seat.Value!).Split('|', 5);
            return new SocketInfo(
                (string)seat.Name!, fields[1], fields[2] == "x", DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(fields[3], CultureInfo.InvariantCulture)));
        })];
    }

    public Task AddLocalUserAsync(string userId, CancellationToken cancellationToken) =>
        RunAsync(database => database.SetAddAsync(_keys.UsersOf(node.Value), userId), cancellationToken);

    public Task RemoveLocalUserAsync(string userId, CancellationToken cancellationToken) => RemoveUserAsync(node.Value, userId, cancellationToken);

    public Task<bool> RemoveUserAsync(string ofNode, string userId, CancellationToken cancellationToken) =>
        RunAsync(database => database.SetRemoveAsync(_keys.UsersOf(ofNode), userId), cancellationToken);

    /// <summary>Some of the users with a socket on a node; empty when there are none.</summary>
    public async Task<IReadOnlyList<string>> SomeUsersOfAsync(string ofNode, int count, CancellationToken cancellationToken)
    {
        var users = await RunAsync(database => database.SetRandomMembersAsync(_keys.UsersOf(ofNode), count), cancellationToken);
        return [.. users.Select(user => (string)user!)];
    }

    /// <summary>Whom Redis lists under this node.</summary>
    public async Task<IReadOnlyList<string>> LocalUsersAsync(CancellationToken cancellationToken)
    {
        var users = await RunAsync(database => database.SetMembersAsync(_keys.UsersOf(node.Value)), cancellationToken);
        return [.. users.Select(user => (string)user!)];
    }

    /// <summary>Says that this node is alive. Answers whether Redis had not known it, and which nodes are dead since when.</summary>
    public async Task<(bool WasUnknown, IReadOnlyList<(string Node, long LastBeat)> Dead)> BeatAsync(CancellationToken cancellationToken)
    {
        var answer = await EvaluateAsync(
            HubScripts.Beat, [_keys.Nodes], _ => [node.Value, (long)options.Value.NodeTimeout.TotalMilliseconds], cancellationToken);
        return ((bool)answer[0], [.. Enumerable.Range(0, (answer.Length - 1) / 2).Select(i => ((string)answer[1 + (2 * i)]!, (long)(double)answer[2 + (2 * i)]))]);
    }

    public Task ForgetNodeAsync(string goneNode, CancellationToken cancellationToken) =>
        RunAsync(database => database.SortedSetRemoveAsync(_keys.Nodes, goneNode), cancellationToken);

    /// <param name="userId">Whose last socket is gone.</param>
    /// <param name="goneAt">Since when, in ms of Redis's clock; null for now.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private Task<RedisResult> DepartAsync(string userId, long? goneAt, CancellationToken cancellationToken) =>
        EvaluateAsync(
            HubScripts.Depart,
            [_keys.Departures],
            _ => [userId, (long)options.Value.LastDisconnectGrace.TotalMilliseconds, goneAt is { } at ? at : RedisValue.EmptyString],
            cancellationToken);

    /// <summary>Takes on users whose grace is over; each comes with the claim that <see cref="SettleAsync"/> asks for.</summary>
    public async Task<IReadOnlyList<(string UserId, string Claim)>> DueAsync(int atMost, CancellationToken cancellationToken)
    {
        var answer = await EvaluateAsync(
            HubScripts.Due, [_keys.Departures], _ => [atMost, (long)ClaimLife.TotalMilliseconds], cancellationToken);
        return [.. Enumerable.Range(0, answer.Length / 2).Select(i => ((string)answer[2 * i]!, (string)answer[(2 * i) + 1]!))];
    }

    public Task SettleAsync(string userId, string claim, CancellationToken cancellationToken) =>
        EvaluateAsync(HubScripts.Settle, [_keys.Departures], _ => [userId, claim], cancellationToken);

    public async Task<bool> IsOnlineAsync(string userId, CancellationToken cancellationToken) =>
        await RunAsync(database => database.KeyExistsAsync(_keys.Seats(userId)), cancellationToken);

    public async Task<IReadOnlyCollection<string>> LeftSessionsAsync(string userId, CancellationToken cancellationToken)
    {
        var sessions = await RunAsync(database => database.SetMembersAsync(_keys.LeftSessions(userId)), cancellationToken);
        return [.. sessions.Select(session => (string)session!)];
    }

    public Task ForgetLeftSessionsAsync(string userId, CancellationToken cancellationToken) =>
        RunAsync(database => database.KeyDeleteAsync(_keys.LeftSessions(userId)), cancellationToken);

    private static string NewEpoch() => Guid.NewGuid().ToString("N")[..16];

    private static string Kind(NotifyConnection connection) => connection.IsExtended ? "x" : "p";

    private static long Since(NotifyConnection connection) => connection.JoinedAt.ToUnixTimeMilliseconds();

    private static FeedPosition Position(RedisResult epoch, RedisResult sequence) =>
        new((string)epoch!, ulong.Parse((string)sequence!, CultureInfo.InvariantCulture));

    private static bool IsCluster(IConnectionMultiplexer redis) =>
        redis.GetServers().Any(server => server.ServerType == ServerType.Cluster);

    private static string PublishCommand(IConnectionMultiplexer redis) => IsCluster(redis) ? "SPUBLISH" : "PUBLISH";

    private async Task<long> LeaveAsync(string userId, string connectionId, string goneNode, CancellationToken cancellationToken) =>
        (long)await EvaluateAsync(
            HubScripts.Leave,
            [_keys.Seats(userId), _keys.LeftSessions(userId)],
            _ => [connectionId, goneNode, options.Value.OnLastDisconnect == LastDisconnect.Logout, (long)LeftSessionsLife.TotalMilliseconds],
            cancellationToken);

    private async Task<RedisResult> EvaluateAsync(
        string script, RedisKey[] keys, Func<IConnectionMultiplexer, RedisValue[]> values, CancellationToken cancellationToken)
    {
        var redis = await ConnectAsync(cancellationToken);
        return await LimitAsync(redis.GetDatabase().ScriptEvaluateAsync(script, keys, values(redis)), cancellationToken);
    }

    private async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> command, CancellationToken cancellationToken) =>
        await LimitAsync(command((await ConnectAsync(cancellationToken)).GetDatabase()), cancellationToken);

    private async Task<T> LimitAsync<T>(Task<T> answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.WaitAsync(options.Value.RedisTimeout, time, cancellationToken);
        }
        catch (Exception) when (!answer.IsCompleted)
        {
            // Nobody waits for it any more, and its failure is no news.
            _ = answer.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }
}
