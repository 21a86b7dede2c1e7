using Gateway.Notify.Connections;
using Gateway.Notify.Protocol;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>
/// One bucket as this node sees it: its mailbox, its epoch, and whether Redis takes what belongs to it. What becomes of one bucket does not concern
/// any other. Two loops run side by side: beats, which nothing delays, and work, one step after another: taking seats again, reading letters, striking
/// off dead nodes.
/// </summary>
internal sealed partial class RedisBucket
{
    private const int BeatsPerTimeout = 6;
    private const int MiscountsToBeSure = 3;

    private static readonly TimeSpan OutageInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(1);

    private readonly int _number;
    private readonly RedisCalls _redis;
    private readonly RedisStore _store;
    private readonly NotifyOptions _options;
    private readonly NotifyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly PendingPublishes _pending = new();
    private readonly DeadNodes _deadNodes;
    private readonly OneAtATime _beats;
    private readonly OneAtATime _work;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // What beats say. They are written by beats alone, but for the two by which others ask for something.
    private volatile Task _check = Task.CompletedTask;
    private volatile IReadOnlyList<(string Node, string LastBeat)> _dead = [];
    private bool _isUp;

    /// <summary>Redis may be another one by now, or have lost keys; the next beat is to find that out.</summary>
    private bool _isSuspect;

    /// <summary>When the last event was lost that Redis has not been told of, as a timestamp; 0 for none.</summary>
    private long _lostAt;

    /// <summary>By how many ms the clock of Redis is ahead of <see cref="Now"/>.</summary>
    private long _clockAhead;

    /// <summary>How many beats in a row have found another number of seats there than sockets here.</summary>
    private int _miscounted;

    /// <summary>How many departures are due.</summary>
    private int _due;

    // What work has done.
    private volatile string _epoch = "";

    /// <summary>The number of the last letter that was read.</summary>
    private long _lastRead;

    /// <summary>Seats here and in Redis may differ, or the positions of clients; the next work is to mend that.</summary>
    private bool _needsRepair = true;

    public RedisBucket(int number, RedisCalls redis, RedisStore store, NotifyOptions options, NotifyMetrics metrics, TimeProvider time)
    {
        (_number, _redis, _store, _options, _metrics, _time) = (number, redis, store, options, metrics, time);
        var interval = options.NodeTimeout / BeatsPerTimeout;
        _interval = interval < LongestInterval ? interval : LongestInterval;
        _deadNodes = new DeadNodes(options.NodeTimeout, time);
        _beats = new OneAtATime(BeatAsync);
        _work = new OneAtATime(WorkAsync);
    }

    /// <summary>True while Redis takes what belongs to this bucket.</summary>
    public bool IsUp => Volatile.Read(ref _isUp);

    /// <summary>Beats until the node stops, and looks for letters with every beat.</summary>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        Task? listening = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            await _beats.AskAsync();
            if (listening is null or { IsFaulted: true })
            {
                if (listening?.Exception?.InnerException is { } exception)
                {
                    _store.Failed(exception);
                }

                listening = _redis.ListenAsync(_number, () => _work.AskAsync());
            }

            await Task.Delay(IsUp ? _interval : OutageInterval, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The first attempt to reach Redis has ended, well or not: nobody waits for it any more.</summary>
    public void FirstAttemptEnded() => _begun.TrySetResult();

    /// <summary>Checks at once whether Redis is still there and still the same. Until that is known, nothing is sent.</summary>
    public void CheckRedis()
    {
        Volatile.Write(ref _isSuspect, true);
        _check = _beats.AskAsync();
    }

    public ValueTask<JoinAnswer> JoinAsync(NotifyConnection connection, string predecessor, FeedPosition? resume) => TryAsync(
        async () =>
        {
            for (var attempt = 0; attempt < 2 && await IsReadyAsync(); attempt++)
            {
                if (await _redis.JoinAsync(_number, connection, predecessor, resume, TooLate()) is var (epoch, answer))
                {
                    RepairIfNew(answer.Outcome == JoinOutcome.Seated ? epoch : _epoch);
                    return answer;
                }

                // Redis does not know this node, or not any more.
                await RepairAsync().WaitAsync(_options.RedisTimeout, _time);
            }

            return new JoinAnswer(JoinOutcome.OutOfReach);
        },
        new JoinAnswer(JoinOutcome.OutOfReach));

    /// <summary>A seat that Redis cannot be told of now is found to be empty by comparing, when Redis is back.</summary>
    public async ValueTask<Departure?> LeaveAsync(NotifyConnection connection)
    {
        var (isDone, departure) = IsUp ? await TryAsync(async () => (true, await _redis.LeaveAsync(_number, connection)), (false, null)) : (false, null);
        if (!isDone)
        {
            Volatile.Write(ref _needsRepair, true);
        }

        return departure;
    }

    /// <summary>Null when Redis is out of reach.</summary>
    public ValueTask<Missed?> FindMissedAsync(string userId, FeedPosition from) => TryAsync<Missed?>(
        async () =>
        {
            if (!await IsReadyAsync())
            {
                return null;
            }

            var (epoch, missed) = await _redis.FindMissedAsync(_number, userId, from);
            RepairIfNew(epoch);
            return missed;
        },
        null);

    public ValueTask<IReadOnlyList<Newest>> FindNewestAsync(IReadOnlyList<NotifyConnection> connections) =>
        TryAsync(async () => IsUp ? await _redis.FindNewestAsync(_number, connections) : [], []);

    public ValueTask<IReadOnlyList<string>> FindDueAsync() =>
        TryAsync(async () => Interlocked.Exchange(ref _due, 0) > 0 ? await _redis.FindDueAsync(_number) : [], []);

    public ValueTask<Departure?> ClaimAsync(string userId) => TryAsync(() => _redis.ClaimAsync(_number, userId), null);

    /// <summary>One that Redis cannot be told of now is due again.</summary>
    public ValueTask<bool> SettleAsync(Departure departure) => TryAsync(() => _redis.SettleAsync(departure), false);

    /// <summary>The sockets have gone by now. What Redis still has of this node is taken away, so that the others do not miss it.</summary>
    public async Task EndAsync(string node)
    {
        await _work.EndAsync();
        if (Volatile.Read(ref _lostAt) != 0)
        {
            // Once more, or no node would learn that events were lost.
            await _beats.AskAsync();
        }

        while (IsUp && await _redis.StrikeAsync(_number, node, RedisCalls.Leaves) > 0)
        {
            // A hundred at a time.
        }
    }

    /// <summary>Whether Redis takes anything, once that is known.</summary>
    private async ValueTask<bool> IsReadyAsync()
    {
        if (!_begun.Task.IsCompleted)
        {
            // A node that has just started has a moment to find Redis.
            await _begun.Task.WaitAsync(_options.RedisTimeout, _time);
        }

        if (IsUp && !_check.IsCompleted)
        {
            await _check.WaitAsync(_options.RedisTimeout, _time);
        }

        return IsUp;
    }

    private async ValueTask<T> TryAsync<T>(Func<Task<T>> ask, T otherwise)
    {
        try
        {
            return await ask();
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            _store.Failed(exception);
            return otherwise;
        }
    }

    private async Task BeatAsync()
    {
        var lostAt = Volatile.Read(ref _lostAt);
        var isSuspect = Interlocked.Exchange(ref _isSuspect, false);
        try
        {
            var beat = await _redis.BeatAsync(
                _number, lostAt == 0 ? null : _time.GetElapsedTime(lostAt), afresh: isSuspect || !IsUp, Volatile.Read(ref _lastRead));
            Interlocked.CompareExchange(ref _lostAt, 0, lostAt);
            OnBeat(beat);
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            _store.Failed(exception);
            // Also where a right is missing: a node that cannot say that it is alive gets no letters.
            Down(RedisFault.Of(exception).Reason);
        }

        FirstAttemptEnded();
    }

    private void OnBeat(Beat beat)
    {
        var wasUp = Interlocked.Exchange(ref _isUp, true);
        if (!wasUp)
        {
            _store.Up();
        }

        if (!wasUp || beat.Epoch != _epoch)
        {
            // A node that was away itself cannot tell who is dead.
            _deadNodes.Restart();
        }

        _dead = _deadNodes.Find(beat.Silent);
        Volatile.Write(ref _clockAhead, beat.Clock - Now());
        Volatile.Write(ref _due, beat.Due);
        _miscounted = beat.Seats == _store.Bus.CountOf(_number) ? 0 : _miscounted + 1;
        if (beat.Newest is null || _miscounted == MiscountsToBeSure)
        {
            // A socket has come or gone, and Redis or this node has not heard of it.
            _miscounted = 0;
            Volatile.Write(ref _needsRepair, true);
        }

        if (Volatile.Read(ref _needsRepair) || beat.Newest != Volatile.Read(ref _lastRead) || beat.Epoch != _epoch || _dead.Count > 0)
        {
            _ = _work.AskAsync();
        }
    }

    /// <summary>When a call that begins now will have been given up, by the clock of Redis.</summary>
    private long TooLate() => Volatile.Read(ref _clockAhead) + Now() + (long)_options.RedisTimeout.TotalMilliseconds;

    private long Now() => (long)_time.GetElapsedTime(0).TotalMilliseconds;

    private void Down(string reason)
    {
        if (Interlocked.Exchange(ref _isUp, false))
        {
            _store.Down(reason);
        }
    }
}
