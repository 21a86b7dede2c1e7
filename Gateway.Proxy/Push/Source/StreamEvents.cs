using Gateway.Notify.Delivery;
using Gateway.Notify.Delivery.Redis;
using Gateway.Transforms.Events;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gateway.Proxy.Push.Source;

/// <summary>
/// Reads events from a stream, together with the other gateways, each entry one of them. An entry is settled, and removed, once the hub has taken it; until then it
/// stays with the gateway that has read it, and after a while another one takes it over. So none is lost, and one may be told twice where a gateway or Redis
/// failed in between.
/// </summary>
internal sealed class StreamEvents : BackgroundService
{
    private const string UserField = "user";
    private const string MessageField = "message";
    private const int MaxDeadLetters = 10_000;

    /// <summary>The connection is shared, so nothing may wait in Redis for an entry to come.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly IRedisSource _redis;
    private readonly NotifyHub _hub;
    private readonly EventSourceOptions _options;
    private readonly PushOptions _push;
    private readonly TimeProvider _time;
    private readonly SourceReport _report;
    private bool _hasGroup;
    private long? _claimedAt;

    public StreamEvents(
        IRedisSource redis, NotifyHub hub, IOptions<EventSourceOptions> options, IOptions<PushOptions> push, PushMetrics metrics, TimeProvider time, ILogger<StreamEvents> logger)
    {
        (_redis, _hub, _options, _push, _time) = (redis, hub, options.Value, push.Value, time);
        _report = new SourceReport("stream", _options.Stream, metrics, time, logger);
    }

    /// <summary>Where entries are kept that nobody can be told.</summary>
    private string DeadLetters => $"{_options.Stream}:dead";

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await LeaveAsync().WaitAsync(cancellationToken);
        }
        catch (Exception exception) when (IsOfRedis(exception) || cancellationToken.IsCancellationRequested)
        {
            // The name stays in the group, which costs a few bytes.
            _report.Down(exception);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Pause;
            try
            {
                if (await LookAsync(stoppingToken))
                {
                    continue;
                }
            }
            catch (Exception exception) when (IsOfRedis(exception))
            {
                // After a restart of Redis without its data there may be no group.
                _hasGroup = false;
                _report.Down(exception);
                pause = RetryInterval;
            }

            await Task.Delay(pause, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static bool IsOfRedis(Exception exception) => exception is RedisException or TimeoutException or ObjectDisposedException;

    /// <summary>True when there may be more at once.</summary>
    private async Task<bool> LookAsync(CancellationToken stoppingToken)
    {
        var redis = (await _redis.GetAsync()).GetDatabase();
        if (!_hasGroup)
        {
            await JoinAsync(redis);
        }

        if (_hub.IsDegraded)
        {
            return false;
        }

        _report.Ready();
        if (_claimedAt is not { } claimed || _time.GetElapsedTime(claimed) >= _options.ClaimAfter / 2)
        {
            // What has been with a gateway for too long, also with this one: the hub may not have taken it.
            var answer = await redis.StreamAutoClaimAsync(_options.Stream, _options.Group, _hub.NodeName, (long)_options.ClaimAfter.TotalMilliseconds, "0-0", _options.Batch);
            if (answer.ClaimedEntries.Length > 0)
            {
                _report.TakenOver(answer.ClaimedEntries.Length);
                return await TellAllAsync(redis, answer.ClaimedEntries, stoppingToken);
            }

            _claimedAt = _time.GetTimestamp();
        }

        var entries = await redis.StreamReadGroupAsync(_options.Stream, _options.Group, _hub.NodeName, StreamPosition.NewMessages, _options.Batch);
        return await TellAllAsync(redis, entries, stoppingToken) && entries.Length == _options.Batch;
    }

    /// <summary>Joins the group. One that is made now begins with what has been written before.</summary>
    private async Task JoinAsync(IDatabase redis)
    {
        try
        {
            await redis.StreamCreateConsumerGroupAsync(_options.Stream, _options.Group, StreamPosition.Beginning, createStream: true);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("BUSYGROUP", StringComparison.Ordinal))
        {
            // It is there.
        }

        _hasGroup = true;
    }

    /// <summary>Leaves it, unless entries are left to be taken over.</summary>
    private async Task LeaveAsync()
    {
        if (_hasGroup)
        {
            var redis = (await _redis.GetAsync()).GetDatabase();
            if ((await redis.StreamPendingMessagesAsync(_options.Stream, _options.Group, 1, _hub.NodeName)).Length == 0)
            {
                await redis.StreamDeleteConsumerAsync(_options.Stream, _options.Group, _hub.NodeName);
            }
        }
    }

    /// <summary>False when the hub does not take any more for now.</summary>
    private async Task<bool> TellAllAsync(IDatabase redis, StreamEntry[] entries, CancellationToken stoppingToken)
    {
        List<Task> settling = [];
        var isTaken = true;
        // Before Redis 7 an entry that others have removed comes as none.
        foreach (var entry in entries.Where(entry => !entry.IsNull))
        {
            isTaken = !stoppingToken.IsCancellationRequested && await TellAsync(redis, entry);
            if (!isTaken)
            {
                break;
            }

            settling.Add(redis.StreamAcknowledgeAsync(_options.Stream, _options.Group, entry.Id));
            settling.Add(redis.StreamDeleteAsync(_options.Stream, [entry.Id]));
        }

        await Task.WhenAll(settling);
        return isTaken;
    }

    private async Task<bool> TellAsync(IDatabase redis, StreamEntry entry)
    {
        string[] users = [.. entry.Values.Where(field => field.Name == UserField).Select(field => (string)field.Value!).Distinct(StringComparer.Ordinal)];
        var body = (ReadOnlyMemory<byte>)entry[MessageField];
        if (FindProblem(users, body) is { } problem)
        {
            await BuryAsync(redis, entry, problem);
            return true;
        }

        bool isTaken;
        try
        {
            // Not the token of the end: what has been begun is waited for, or it would be told twice.
            isTaken = await _hub.PublishAsync(users, GivenEvent.Nameless, body.Length, body.CopyTo, CancellationToken.None);
        }
        catch (Exception exception) when (!IsOfRedis(exception))
        {
            // It would fail again, and stand in the way of all others.
            await BuryAsync(redis, entry, $"makes the hub fail with {exception.GetType().Name}");
            return true;
        }

        _report.Came(isTaken ? "taken" : "incomplete");
        return isTaken;
    }

    private string? FindProblem(string[] users, ReadOnlyMemory<byte> body) =>
        users.Length == 0 || users.Any(user => user.Length is 0 or > PushOptions.MaxIdLength) ? $"has no '{UserField}', or one that is no user id"
        : users.Length > _push.MaxUsers ? $"names more users than {PushOptions.SectionName}:{nameof(PushOptions.MaxUsers)} allows"
        : body.Length > _push.MaxEventSize ? $"is longer than {PushOptions.SectionName}:{nameof(PushOptions.MaxEventSize)} allows"
        : GivenEvent.IsMessage(body.Span) ? null
        : $"has no '{MessageField}', or one that is no protobuf message";

    /// <summary>Keeps it where people find it.</summary>
    private async Task BuryAsync(IDatabase redis, StreamEntry entry, string problem)
    {
        NameValueEntry[] fields = [.. entry.Values, new("entry", entry.Id), new("problem", problem)];
        await redis.StreamAddAsync(DeadLetters, fields, maxLength: MaxDeadLetters, useApproximateMaxLength: true);
        _report.Unusable(problem, (string)entry.Id!);
    }
}
