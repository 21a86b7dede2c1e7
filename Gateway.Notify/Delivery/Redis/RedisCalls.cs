using System.Globalization;
using Gateway.Notify.Connections;
using Gateway.Notify.Protocol;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>
/// What the hub asks of Redis, as calls. Each has a time limit. No caller's token ends a call: a caller who has gone
/// says nothing about Redis.
/// </summary>
internal sealed class RedisCalls(IRedisSource source, IOptions<NotifyOptions> options, NodeName node, TimeProvider time)
{
    /// <summary>How many letters are read at a time.</summary>
    public const int LettersAtOnce = 128;

    /// <summary>Said of a node that leaves in good order.</summary>
    public const string Leaves = "leaves";

    /// <summary>Said of a node that has taken its seats again.</summary>
    public const string SetAside = "";

    // What is larger is stored once, and not in the mailbox of each node and bucket.
    private const int LargestInline = 16 << 10;
    private const int SeatsAtOnce = 100;
    private const int DueAtOnce = 64;

    // Long enough for the slowest node to fetch it; replay after that has to say that it is gone.
    private static readonly TimeSpan BodyLife = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeftSessionsLife = TimeSpan.FromDays(1);

    private readonly NotifyOptions _options = options.Value;
    private readonly SeatRules _rules = SeatRules.Of(options.Value);
    private readonly LargeBodies _bodies = new(time);
    private readonly TaskCompletionSource _agreed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RedisKey[][] _keys = [];
    private string _prefix = "";
    private string _publish = "PUBLISH";

    /// <summary>Hears why a large event could not be fetched.</summary>
    public Action<Exception>? FetchFailed { private get; set; }

    /// <summary>The time limit of a beat: mostly longer than that of other calls, and never longer than the silence after which a node is taken for dead.</summary>
    private TimeSpan BeatTimeout => TimeSpan.FromTicks(Math.Min(_options.NodeTimeout.Ticks, Math.Max(_options.RedisTimeout.Ticks, _options.NodeTimeout.Ticks / 3)));

    /// <summary>What seats of a dead node leave behind.</summary>
    private RedisValue[] Rule => RuleOf(_options.LastDisconnectGrace);

    public static bool IsOfRedis(Exception exception) => exception is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException;

    public static bool IsLarge(HubEvent hubEvent) => hubEvent.Body.Length > LargestInline;

    public Task<IConnectionMultiplexer> ConnectAsync() => source.GetAsync().WaitAsync(_options.RedisTimeout, time);

    /// <summary>
    /// Asks Redis into how many buckets its users fall, and writes this node's number where no node has written one. Names of keys and channels begin with the prefix and the number
    /// of the database, for channels know no databases.
    /// </summary>
    public async Task<int> AgreeOnBucketsAsync()
    {
        var redis = await ConnectAsync();
        _prefix = $"{_options.KeyPrefix}{redis.GetDatabase().Database}:";
        await LimitAsync(redis.GetDatabase().StringSetAsync(BucketsKey, _options.Buckets, when: When.NotExists), _options.RedisTimeout);
        var agreed = (int)await LimitAsync(redis.GetDatabase().StringGetAsync(BucketsKey), _options.RedisTimeout);
        // A cluster keeps what happens on a sharded channel from the nodes that have nothing to do with it.
        _publish = IsCluster(redis) ? "SPUBLISH" : "PUBLISH";
        if (agreed == _options.Buckets)
        {
            _keys = [.. Enumerable.Range(0, agreed).Select(bucket => new RedisKey[] { $"{Bucket(bucket)}state" })];
            _agreed.TrySetResult();
        }

        return agreed;
    }

    public string BucketsKey => $"{_prefix}buckets";

    /// <summary>Has <paramref name="look"/> called whenever there is a letter for this node in a bucket.</summary>
    public async Task ListenAsync(int bucket, Action look)
    {
        var redis = await ConnectAsync();
        var name = $"{Bucket(bucket)}hint:{node.Value}";
        await redis.GetSubscriber().SubscribeAsync(IsCluster(redis) ? RedisChannel.Sharded(name) : RedisChannel.Literal(name), (_, _) => look());
    }

    public async Task<Beat> BeatAsync(int bucket, TimeSpan? lostAgo, bool afresh, long read)
    {
        var answer = await EvaluateAsync(
            HubScripts.Beat,
            bucket,
            [
                node.Value, Milliseconds(_options.NodeTimeout), NewEpoch(),
                lostAgo is { } ago ? Milliseconds(ago) : RedisValue.EmptyString, afresh, read,
            ],
            BeatTimeout);
        return new Beat(
            (string)answer[0]!, (string?)answer[1] is { Length: > 0 } newest ? Number(newest) : null, (int)answer[2], (int)answer[3], (long)answer[4],
            [.. Enumerable.Range(0, (answer.Length - 5) / 2).Select(i => ((string)answer[5 + (2 * i)]!, (string)answer[6 + (2 * i)]!))]);
    }

    /// <summary>Lets this node take part. Answers the epoch, empty if there is none, and the number of the newest letter in its mailbox.</summary>
    public async Task<(string Epoch, long Newest)> EnterAsync(int bucket)
    {
        var answer = await EvaluateAsync(HubScripts.Enter, bucket, [node.Value]);
        return ((string)answer[0]!, (long)answer[1]);
    }

    /// <summary>Takes seats again. Says where each one's user stands; null for a socket whose place others have taken meanwhile.</summary>
    public async Task<IReadOnlyList<FeedPosition?>> RejoinAsync(int bucket, IReadOnlyList<NotifyConnection> connections)
    {
        var answer = await EvaluateAsync(
            HubScripts.Rejoin,
            bucket,
            [node.Value, _rules.Max, .. connections.SelectMany(one => new RedisValue[] { one.Id, one.UserId, Kind(one), Since(one), Session(one) })]);
        return [.. connections.Select((_, i) => (string?)answer[2 + (2 * i)] == "" ? (FeedPosition?)null : Position(answer[0], answer[1 + (2 * i)], answer[2 + (2 * i)]))];
    }

    /// <summary>Null when this node is not known.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="connection">Who joins.</param>
    /// <param name="predecessor">Whose seat it takes.</param>
    /// <param name="resume">Where it was; null for a client that does not ask.</param>
    /// <param name="until">When it is too late, by the clock of Redis in ms: nobody waits for the seat any more, and its client may have one elsewhere.</param>
    public async Task<(string Epoch, JoinAnswer Answer)?> JoinAsync(int bucket, NotifyConnection connection, string predecessor, FeedPosition? resume, long until)
    {
        var answer = await EvaluateAsync(
            HubScripts.Join,
            bucket,
            [
                node.Value, connection.Id, connection.UserId, Kind(connection), Since(connection), Session(connection), _rules.Max, _rules.ReplacesOwnSession,
                _rules.KicksOldest, predecessor, _publish, resume?.Epoch ?? "", resume is { } from ? (RedisValue)from.Sequence : RedisValue.EmptyString, until,
            ]);
        return (string?)answer[0] switch
        {
            "unknown" => null,
            "full" => ("", new JoinAnswer(JoinOutcome.Full)),
            "late" => ("", new JoinAnswer(JoinOutcome.OutOfReach)),
            var state => ((string)answer[1]!, new JoinAnswer(JoinOutcome.Seated, answer.Length == 2 ? default : await ReadMissedAsync(answer, 1), state == "first")),
        };
    }

    /// <summary>Answers a departure that this node has taken on, if the user has no time to come back.</summary>
    public async Task<Departure?> LeaveAsync(int bucket, NotifyConnection connection)
    {
        var grace = _options.GraceOf(connection.LeavesInOrder);
        var answer = (string[])(await EvaluateOneAsync(
            HubScripts.Leave, bucket, [node.Value, connection.Id, connection.UserId, .. RuleOf(grace ?? Departure.ClaimLife), grace is null]))!;
        return DepartureOf(bucket, connection.UserId, answer);
    }

    /// <summary>Stores a large event where all nodes find it.</summary>
    public async Task KeepAsync(HubEvent hubEvent) =>
        await LimitAsync((await ConnectAsync()).GetDatabase().StringSetAsync(BodyKey(hubEvent.Id.ToString("N")), hubEvent.Body, BodyLife), _options.RedisTimeout);

    /// <summary>
    /// Says in which epoch the event was taken, empty if it was not, and whom Redis refuses; without an error, who has no socket, if somebody wants to know. Waits for as long as the client library does, for it makes a
    /// difference whether an event that is late gets in.
    /// </summary>
    public async Task<(string Epoch, IReadOnlyList<(string UserId, string Error)> Untold)> PublishAsync(
        int bucket, long call, HubEvent hubEvent, IReadOnlyList<string> recipients)
    {
        var isLarge = IsLarge(hubEvent);
        var answer = await EvaluateAsync(
            HubScripts.Publish,
            bucket,
            [
                $"{node.Value}:{call}", hubEvent.PublishedAt, isLarge ? hubEvent.Id.ToString("N") : "", isLarge ? RedisValue.EmptyString : hubEvent.Body,
                _options.ReplayEvents, _options.ReplayBytes, Milliseconds(_options.ReplayAge), _publish, _options.ReportsPresence, .. recipients.Select(user => (RedisValue)user),
            ],
            Timeout.InfiniteTimeSpan);
        return ((string)answer[0]!, answer.Length == 1
            ? []
            : [.. Enumerable.Range(0, (answer.Length - 1) / 2).Select(i => ((string)answer[1 + (2 * i)]!, (string)answer[2 + (2 * i)]!))]);
    }

    /// <summary>The letters after one number. The newest number is null when this node is not known.</summary>
    public async Task<(string Epoch, long? Newest, IReadOnlyList<Mail> Letters)> ReadAsync(int bucket, long after)
    {
        var answer = await EvaluateAsync(HubScripts.Read, bucket, [node.Value, after, LettersAtOnce]);
        var letters = (RedisResult[])answer[2]!;
        return ((string)answer[0]!, (string?)answer[1] is { Length: > 0 } newest ? Number(newest) : null, [.. letters.Select(letter => Mail.Parse(letter, node.Value))]);
    }

    public async Task<(string Epoch, Missed Missed)> FindMissedAsync(int bucket, string userId, FeedPosition from)
    {
        var answer = await EvaluateAsync(HubScripts.Resume, bucket, [userId, from.Epoch, from.Sequence]);
        return ((string)answer[0]!, await ReadMissedAsync(answer, 0));
    }

    /// <summary>A large event; null when its bytes are gone, or when the shard that holds them does not answer. That shard need not be the bucket's.</summary>
    public async Task<HubEvent?> FindBodyAsync(string id, long publishedAt)
    {
        try
        {
            return await FetchAsync(id, publishedAt);
        }
        catch (Exception exception) when (IsOfRedis(exception))
        {
            FetchFailed?.Invoke(exception);
            return null;
        }
    }

    /// <summary>A large event; null when its bytes are gone.</summary>
    private Task<HubEvent?> FetchAsync(string id, long publishedAt) => _bodies.GetAsync(id, async () =>
    {
        var value = await LimitAsync((await ConnectAsync()).GetDatabase().StringGetAsync(BodyKey(id)), _options.RedisTimeout);
        return value.IsNull ? null : HubEvent.Of(Guid.Empty, ((ReadOnlyMemory<byte>)value).Span, publishedAt);
    });

    /// <summary>Lets go of large events that have been handed on.</summary>
    public void Tidy() => _bodies.Tidy();

    /// <summary>
    /// Strikes some seats of a node. If the node's last beat is still <paramref name="lastBeat"/>, or the node <see cref="Leaves"/>, these are seats of all that it has; otherwise
    /// of those that were <see cref="SetAside"/>. Returns how many seats are left to strike; -1 for a node that is alive, or unknown.
    /// </summary>
    public async Task<long> StrikeAsync(int bucket, string gone, string lastBeat) =>
        (long)await EvaluateOneAsync(HubScripts.Strike, bucket, [gone, SeatsAtOnce, lastBeat, .. Rule, NewEpoch()]);

    public async Task<IReadOnlyList<string>> FindDueAsync(int bucket) => (string[])(await EvaluateOneAsync(HubScripts.Due, bucket, [DueAtOnce]))!;

    public async Task<Departure?> ClaimAsync(int bucket, string userId)
    {
        var answer = (string[])(await EvaluateOneAsync(HubScripts.Claim, bucket, [userId, Milliseconds(Departure.ClaimLife)]))!;
        return DepartureOf(bucket, userId, answer);
    }

    /// <summary>False when it is another's by now, or the user has come back.</summary>
    public async Task<bool> SettleAsync(Departure departure) =>
        (bool)await EvaluateOneAsync(HubScripts.Settle, departure.Bucket, [departure.UserId, departure.Claim]);

    public Task DisconnectAsync(int bucket, string userId, string? sessionId) =>
        EvaluateOneAsync(HubScripts.Disconnect, bucket, [userId, _publish, sessionId is null ? "all" : "session", sessionId ?? ""]);

    public async Task<IReadOnlyList<SocketInfo>> FindAsync(int bucket, string userId)
    {
        var fields = await LimitAsync((await AgreedAsync()).HashGetAllAsync($"{Bucket(bucket)}user:{userId}"), _options.RedisTimeout);
        return [.. fields.Where(field => field.Name.Length() > 1).Select(field =>
        {
            var seat = ((string)field.Value!).Split('|', 5);
            return new SocketInfo((string)field.Name!, seat[1], seat[2] == "x", DateTimeOffset.FromUnixTimeMilliseconds(Number(seat[3])));
        })];
    }

    public async Task<IReadOnlyList<Newest>> FindNewestAsync(int bucket, IReadOnlyList<NotifyConnection> connections)
    {
        var answer = (int[])(await EvaluateOneAsync(
            HubScripts.Newest, bucket, [.. connections.SelectMany(one => new RedisValue[] { one.Id, one.UserId, one.SessionId })]))!;
        return [.. connections.Zip(answer, (connection, rank) => new Newest(connection, (rank & 1) != 0, (rank & 2) != 0))];
    }

    /// <summary>Says how many sockets this node has, null when it is about to go. Answers how many each node has that is alive.</summary>
    public async Task<IReadOnlyDictionary<string, int>> ShareAsync(int? sockets)
    {
        RedisValue[] values = [node.Value, Milliseconds(_options.NodeTimeout), sockets ?? RedisValue.EmptyString];
        var database = await AgreedAsync();
        var answer = (string[])(await LimitAsync(database.ScriptEvaluateAsync(HubScripts.Share, [$"{_prefix}sockets"], values), _options.RedisTimeout))!;
        return answer.Chunk(2).ToDictionary(one => one[0], one => (int)Number(one[1]), StringComparer.Ordinal);
    }

    private RedisValue[] RuleOf(TimeSpan grace) =>
    [
        _options.OnLastDisconnect == LastDisconnect.Logout, Milliseconds(LeftSessionsLife),
        _options.HasDepartures ? Milliseconds(grace) : RedisValue.EmptyString, Milliseconds(_options.ReplayAge),
    ];

    /// <param name="bucket">The bucket.</param>
    /// <param name="userId">Who has gone.</param>
    /// <param name="answer">The claim, then sessions; empty for none.</param>
    private static Departure? DepartureOf(int bucket, string userId, string[] answer) => answer.Length == 0 ? null : new(bucket, userId, answer[1..], answer[0]);

    private static RedisValue NewEpoch() => Guid.NewGuid().ToString("N")[..16];

    private static RedisValue Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static string Kind(NotifyConnection connection) => connection.IsExtended ? "x" : "p";

    private static long Since(NotifyConnection connection) => connection.JoinedAt.ToUnixTimeMilliseconds();

    /// <summary>Kept where something asks for it: with it a seat takes three times the memory.</summary>
    private string Session(NotifyConnection connection) =>
        _rules.ReplacesOwnSession || _options.OnLastDisconnect == LastDisconnect.Logout || _options.RenewalInterval is not null ? connection.SessionId : "";

    /// <summary>A count that began anew within an epoch is another count.</summary>
    private static FeedPosition Position(RedisResult epoch, RedisResult feed, RedisResult sequence) =>
        new($"{(string?)epoch}-{(string?)feed}", ulong.Parse((string)sequence!, CultureInfo.InvariantCulture));

    private static bool IsCluster(IConnectionMultiplexer redis) => redis.GetServers().Any(server => server.ServerType == ServerType.Cluster);

    /// <summary>The hash tag keeps all keys of a bucket in one slot of a cluster.</summary>
    private string Bucket(int bucket) => $"{_prefix}{{{bucket}}}:";

    private string BodyKey(string id) => $"{_prefix}event:{id}";

    private async Task<Missed> ReadMissedAsync(RedisResult[] answer, int first)
    {
        var top = Position(answer[first], answer[first + 1], answer[first + 2]);
        if (!(bool)answer[first + 3])
        {
            return new Missed(top, null);
        }

        var events = new List<NumberedEvent>((answer.Length - first) / 2);
        for (var i = first + 4; i < answer.Length; i += 2)
        {
            // published at, length, where the body is kept
            var head = ((string)answer[i]!).Split(' ');
            var hubEvent = head[2] == "e"
                ? await FindBodyAsync(head[3], Number(head[0]))
                : HubEvent.Of(Guid.Empty, ((ReadOnlyMemory<byte>)(RedisValue)answer[i + 1]).Span, Number(head[0]));
            if (hubEvent is null)
            {
                return new Missed(top, null);
            }

            events.Add(new NumberedEvent(0, hubEvent));
        }

        return new Missed(top, [.. events.Select((one, i) => one with { Sequence = top.Sequence - (ulong)(events.Count - 1 - i) })]);
    }

    private async Task<RedisResult[]> EvaluateAsync(string script, int bucket, RedisValue[] values, TimeSpan? patience = null) =>
        (RedisResult[])(await EvaluateOneAsync(script, bucket, values, patience))!;

    private async Task<RedisResult> EvaluateOneAsync(string script, int bucket, RedisValue[] values, TimeSpan? patience = null) =>
        await LimitAsync((await AgreedAsync()).ScriptEvaluateAsync(script, _keys[bucket], values), patience ?? _options.RedisTimeout);

    /// <summary>Nobody looks for a user before it is certain where.</summary>
    private async Task<IDatabase> AgreedAsync()
    {
        if (!_agreed.Task.IsCompleted)
        {
            await _agreed.Task.WaitAsync(_options.RedisTimeout, time);
        }

        return (await ConnectAsync()).GetDatabase();
    }

    private async Task<T> LimitAsync<T>(Task<T> answer, TimeSpan patience)
    {
        try
        {
            return await answer.WaitAsync(patience, time);
        }
        catch (Exception) when (!answer.IsCompleted)
        {
            // Nobody waits for it any more, and its failure is no news.
            _ = answer.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }
}

/// <summary>What Redis answers to a beat of a node in one bucket.</summary>
/// <param name="Epoch">Which the bucket is in.</param>
/// <param name="Newest">The number of the newest letter for this node; null when it does not take part.</param>
/// <param name="Seats">How many seats it has.</param>
/// <param name="Due">How many departures are due.</param>
/// <param name="Clock">What time it is there, in ms.</param>
/// <param name="Silent">Nodes that have not beaten in time, and their last beat.</param>
internal sealed record Beat(string Epoch, long? Newest, int Seats, int Due, long Clock, IReadOnlyList<(string Node, string LastBeat)> Silent);
