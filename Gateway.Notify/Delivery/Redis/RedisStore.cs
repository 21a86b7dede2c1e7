using System.Collections.Concurrent;
using Gateway.Notify.Connections;
using Gateway.Notify.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>The store of many nodes. Redis has a mailbox for each node in each bucket; an event goes into those of the nodes that hold a recipient.</summary>
internal sealed partial class RedisStore : BackgroundService, IHubStore
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(500);

    private readonly RedisCalls _calls;
    private readonly NotifyOptions _options;
    private readonly NotifyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RedisFaultLog _told;
    private readonly RedisBucket[] _buckets;
    private readonly ConcurrentDictionary<string, byte> _struck = new(StringComparer.Ordinal);
    private EventBus? _bus;
    private bool _isDegraded = true;

    public RedisStore(RedisCalls calls, NodeName node, IOptions<NotifyOptions> options, NotifyMetrics metrics, TimeProvider time, ILogger<RedisStore> logger)
    {
        _calls = calls;
        calls.FetchFailed = exception => Failed(exception);
        Node = node.Value;
        _options = options.Value;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _told = new RedisFaultLog(time);
        _buckets = [.. Enumerable.Range(0, _options.Buckets).Select(number => new RedisBucket(number, calls, this, _options, metrics, time))];
    }

    public string Node { get; }

    public EventBus Bus => _bus!;

    public int Buckets => _buckets.Length;

    public bool IsDegraded => _buckets.Any(bucket => !bucket.IsUp);

    public void Attach(EventBus bus) => _bus = bus;

    public ValueTask<bool> PublishAsync(int bucket, HubEvent hubEvent, IReadOnlyList<string> recipients) => _buckets[bucket].PublishAsync(hubEvent, recipients);

    public ValueTask<JoinAnswer> JoinAsync(int bucket, NotifyConnection connection, string predecessor, FeedPosition? resume) =>
        _buckets[bucket].JoinAsync(connection, predecessor, resume);

    public ValueTask<Departure?> LeaveAsync(int bucket, NotifyConnection connection) => _buckets[bucket].LeaveAsync(connection);

    public ValueTask<Missed?> FindMissedAsync(int bucket, string userId, FeedPosition from) => _buckets[bucket].FindMissedAsync(userId, from);

    public Task<IReadOnlyList<SocketInfo>> FindAsync(int bucket, string userId, CancellationToken cancellationToken) =>
        _calls.FindAsync(bucket, userId).WaitAsync(cancellationToken);

    public ValueTask<IReadOnlyList<Newest>> FindNewestAsync(int bucket, IReadOnlyList<NotifyConnection> connections) => _buckets[bucket].FindNewestAsync(connections);

    public Task DisconnectAsync(int bucket, string userId, string? sessionId, CancellationToken cancellationToken) =>
        _calls.DisconnectAsync(bucket, userId, sessionId).WaitAsync(cancellationToken);

    public async Task<IReadOnlyList<DueUser>> FindDueAsync(bool isStopping, CancellationToken cancellationToken)
    {
        _calls.Tidy();
        // Those whose grace is not over when this node stops are the other nodes' to see to.
        List<DueUser> due = [];
        for (var number = 0; number < _buckets.Length && !isStopping; number++)
        {
            due.AddRange((await _buckets[number].FindDueAsync()).Select(user => new DueUser(number, user)));
        }

        return due;
    }

    public async Task<Departure?> ClaimAsync(DueUser user, bool isStopping, CancellationToken cancellationToken) =>
        await _buckets[user.Bucket].ClaimAsync(user.UserId).AsTask().WaitAsync(cancellationToken);

    public async Task<bool> SettleAsync(Departure departure, CancellationToken cancellationToken) =>
        await _buckets[departure.Bucket].SettleAsync(departure).AsTask().WaitAsync(cancellationToken);

    /// <summary>Notes that Redis has not done what it was asked. True for an outage, which concerns the bucket; a refusal only concerns what was asked.</summary>
    public bool Failed(Exception exception) => Failed(RedisFault.Of(exception));

    public bool Failed(RedisFault fault)
    {
        if (!fault.IsOutage && _told.IsNews(fault))
        {
            Log.Refused(_logger, fault.Reason, _options.KeyPrefix);
        }

        return fault.IsOutage;
    }

    /// <summary>A letter has been passed over.</summary>
    public void LetterUnread()
    {
        if (_told.IsNews(new RedisFault(RedisFaultKind.NameRefused, nameof(LetterUnread))))
        {
            Log.LetterUnread(_logger);
        }
    }

    /// <summary>Something failed that is no fault of Redis.</summary>
    public void Broken(Exception exception)
    {
        if (_told.IsNews(new RedisFault(RedisFaultKind.Outage, $"{nameof(Broken)} {exception.GetType().Name}")))
        {
            Log.WorkFailed(_logger, exception);
        }
    }

    /// <summary>A bucket has no Redis any more.</summary>
    public void Down(string reason)
    {
        if (!Interlocked.Exchange(ref _isDegraded, true))
        {
            Log.Degraded(_logger, reason);
        }
    }

    /// <summary>A bucket has Redis again.</summary>
    public void Up()
    {
        if (!IsDegraded && Interlocked.Exchange(ref _isDegraded, false))
        {
            Log.Recovered(_logger);
        }
    }

    /// <summary>This node sees to a dead one, in some bucket.</summary>
    public void NodeStruck(string node)
    {
        if (_struck.TryAdd(node, 0))
        {
            Log.NodeGone(_logger, node);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await Task.WhenAll(_buckets.Select(bucket => bucket.EndAsync(Node))).WaitAsync(cancellationToken);
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception) || cancellationToken.IsCancellationRequested)
        {
            // The others strike it off when it has been silent for long enough.
            Failed(exception);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await AgreeAsync(stoppingToken);
            await Task.WhenAll(_buckets.Select(bucket => bucket.RunAsync(stoppingToken)));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // It stops.
        }
    }

    /// <summary>Nothing goes through Redis before it is certain that all nodes look for a user in the same place.</summary>
    private async Task AgreeAsync(CancellationToken stoppingToken)
    {
        var isWatched = false;
        while (true)
        {
            try
            {
                if (!isWatched)
                {
                    Watch(await _calls.ConnectAsync());
                    isWatched = true;
                }

                var agreed = await _calls.AgreeOnBucketsAsync();
                if (agreed == _options.Buckets)
                {
                    return;
                }

                if (_told.IsNews(new RedisFault(RedisFaultKind.NameRefused, _calls.BucketsKey)))
                {
                    Log.BucketsDiffer(_logger, _options.Buckets, agreed, _calls.BucketsKey);
                }
            }
            catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
            {
                Failed(exception);
            }

            foreach (var bucket in _buckets)
            {
                bucket.FirstAttemptEnded();
            }

            await Task.Delay(RetryInterval, _time, stoppingToken);
        }
    }

    /// <summary>A lost connection may come back before the next beat, to a Redis that is another one, or has lost what it knew.</summary>
    private void Watch(IConnectionMultiplexer redis) => redis.ConnectionFailed += (_, failure) =>
    {
        if (failure.ConnectionType == ConnectionType.Interactive)
        {
            foreach (var bucket in _buckets)
            {
                bucket.CheckRedis();
            }
        }
    };

    private static partial class Log
    {
        [LoggerMessage(2020, LogLevel.Warning,
            "Redis does not take events of all users ({Failure}); sockets of this node are served, and clients that keep count load anew when it does", EventName = "HubDegraded")]
        public static partial void Degraded(ILogger logger, string failure);

        [LoggerMessage(2021, LogLevel.Information, "Redis takes the events of all buckets", EventName = "HubConnected")]
        public static partial void Recovered(ILogger logger);

        [LoggerMessage(2023, LogLevel.Warning, "Node '{Node}' is gone; its sockets are struck off", EventName = "HubNodeGone")]
        public static partial void NodeGone(ILogger logger, string node);

        [LoggerMessage(2024, LogLevel.Warning,
            "Redis refuses a step of the hub ({Failure}); give its user the rights that docs/configuration.md lists, on keys and channels '{KeyPrefix}*'", EventName = "HubRefused")]
        public static partial void Refused(ILogger logger, string failure, string keyPrefix);

        [LoggerMessage(2025, LogLevel.Error,
            "Gateway:Notify:Buckets is {Own}, but the gateways of this Redis use {Agreed}: set it to {Agreed}, or stop all gateways and remove the key '{Key}'. Until then no socket is let in here, and events stay here",
            EventName = "HubBucketsDiffer")]
        public static partial void BucketsDiffer(ILogger logger, int own, int agreed, string key);

        [LoggerMessage(2026, LogLevel.Warning, "A letter of another gateway cannot be read and is passed over; it is of another version, or not of a gateway", EventName = "HubLetterUnread")]
        public static partial void LetterUnread(ILogger logger);

        [LoggerMessage(2027, LogLevel.Error, "A step of the hub on Redis failed; an event is lost by that, anything else is tried again with the next beat", EventName = "HubWorkFailed")]
        public static partial void WorkFailed(ILogger logger, Exception exception);
    }
}
