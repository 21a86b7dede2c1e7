using Gateway.Notify.Connections;
using Gateway.Notify.Protocol;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>
/// One bucket as this node sees it: its mailbox, its epoch, and whether Redis takes what belongs to it. What becomes of one bucket is no
/// matter of any other. Two things go on side by side: beats, which nothing delays, and the work of taking seats again, reading and
/// burying, one step after another.
/// </summary>
internal sealed class RedisBucket
{
    private const int BeatsPerTimeout = 6;
    private const int MiscountsToBeSure = 3;
    private const int RecipientsAtOnce = 128;
    private const int SeatsAtOnce = 100;

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
    private volatile Task _check = Task.CompletedTask;
    private volatile IReadOnlyList<(string Node, string LastBeat)> _dead = [];
    private volatile string _epoch = "";
    private bool _isUp;
    private bool _isSuspect;
    private bool _needsRepair = true;
    private long _lostAt;
    private long _clockAhead;
    private long _lastRead;
    private int _miscounted;
    private int _due;

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

    /// <summary>Redis has been found, or found away: nobody waits for the first look any more.</summary>
    public void FirstAttemptEnded() => _begun.TrySetResult();

    /// <summary>Looks at once whether Redis is still there and still the same. Until that is known, nothing is sent.</summary>
    public void CheckRedis()
    {
        Volatile.Write(ref _isSuspect, true);
        _check = _beats.AskAsync();
    }

    public async ValueTask PublishAsync(HubEvent hubEvent, IReadOnlyList<string> recipients)
    {
        // No call may hold Redis for longer than a few ms, and the patience with each begins when it is sent.
        IEnumerable<IReadOnlyList<string>> calls = recipients.Count <= RecipientsAtOnce ? [recipients] : recipients.Chunk(RecipientsAtOnce);
        foreach (var some in calls)
        {
            await PublishSomeAsync(hubEvent, some);
        }
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

    /// <summary>What Redis has not been told it finds out by comparing, when it is back.</summary>
    public async ValueTask LeaveAsync(NotifyConnection connection)
    {
        if (!IsUp || !await TryAsync(() => _redis.LeaveAsync(_number, connection), false))
        {
            Volatile.Write(ref _needsRepair, true);
        }
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

    public ValueTask<IReadOnlyList<string>> FindDueAsync() =>
        TryAsync(async () => Interlocked.Exchange(ref _due, 0) > 0 ? await _redis.FindDueAsync(_number) : [], []);

    public ValueTask<Departure?> ClaimAsync(string userId) => TryAsync(() => _redis.ClaimAsync(_number, userId), null);

    /// <summary>The sockets have gone by now. What Redis still has of this node is taken away, so that the others do not miss it.</summary>
    public async Task EndAsync(string node)
    {
        await _work.EndAsync();
        if (Volatile.Read(ref _lostAt) != 0)
        {
            // Before nobody knows of it.
            await _beats.AskAsync();
        }

        while (IsUp && await _redis.StrikeAsync(_number, node, RedisCalls.Leaves) > 0)
        {
            // A hundred at a time.
        }
    }

    // ---- Publishing

    private async Task PublishSomeAsync(HubEvent hubEvent, IReadOnlyList<string> recipients)
    {
        try
        {
            if (await IsReadyAsync())
            {
                if (RedisCalls.IsLarge(hubEvent))
                {
                    await hubEvent.KeepAsync(_redis.KeepAsync);
                }

                var call = _pending.Begin();
                var concluding = ConcludeAsync(call, hubEvent, recipients);
                await concluding.WaitAsync(_options.RedisTimeout, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!concluding.IsCompleted)
                {
                    // It may get in yet. Then those who keep count hear of it by its letter, and otherwise load anew.
                    _pending.Failed(call, () => _store.Bus.TellEarly(_number, hubEvent, recipients, plainOnly: true));
                    CheckRedis();
                }

                return;
            }
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            _store.Failed(exception);
        }

        Lose(recipients.Count, "outage");
        _store.Bus.TellEarly(_number, hubEvent, recipients, plainOnly: false);
    }

    /// <summary>Sends an event, and follows what becomes of it, also when nobody waits any more.</summary>
    private async Task ConcludeAsync(long call, HubEvent hubEvent, IReadOnlyList<string> recipients)
    {
        var reason = "outage";
        try
        {
            var (epoch, refused) = await _redis.PublishAsync(_number, call, hubEvent, recipients);
            if (epoch.Length > 0)
            {
                _pending.Succeeded(call);
                Refuse(hubEvent, refused);
                RepairIfNew(epoch);
                return;
            }
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            reason = _store.Failed(exception) ? reason : "refused";
        }
        catch (Exception exception)
        {
            // Perhaps nobody waits for it any more: what nobody has thought of must be told here, and costs the event like any other failure.
            _store.Broken(exception);
        }

        Lose(recipients.Count, reason);
        _pending.Failed(call, () => _store.Bus.TellEarly(_number, hubEvent, recipients, plainOnly: true));
    }

    /// <summary>What is lost is neither repeated nor stored. Who keeps count is told to load anew as soon as Redis can say so to all nodes.</summary>
    private void Lose(int recipients, string reason)
    {
        _metrics.Lost(recipients, reason);
        Volatile.Write(ref _lostAt, _time.GetTimestamp());
        if (reason == "outage")
        {
            // Whether Redis is away says the beat, and meanwhile others wait for what it says.
            CheckRedis();
        }
    }

    /// <summary>Keys of single users that Redis refuses concern nobody else.</summary>
    private void Refuse(HubEvent hubEvent, IReadOnlyList<(string UserId, string Error)> refused)
    {
        if (refused.Count > 0)
        {
            _store.Failed(RedisFault.OfAnswer(refused[0].Error));
            _metrics.Lost(refused.Count, "refused");
            _store.Bus.TellEarly(_number, hubEvent, [.. refused.Select(one => one.UserId)], plainOnly: false);
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

    // ---- Beats

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
            // Also where a right is missing: a node that cannot say that it is alive is nobody's.
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
            // Whoever has been away himself has no right to call others dead.
            _deadNodes.Restart();
        }

        _dead = _deadNodes.Find(beat.Silent);
        Volatile.Write(ref _clockAhead, beat.Clock - Now());
        Volatile.Write(ref _due, beat.Due);
        _miscounted = beat.Seats == _store.Bus.CountOf(_number) ? 0 : _miscounted + 1;
        if (beat.Newest is null || _miscounted == MiscountsToBeSure)
        {
            // Somebody has left, or been let in, and the one side or the other has not heard of it.
            _miscounted = 0;
            Volatile.Write(ref _needsRepair, true);
        }

        if (Volatile.Read(ref _needsRepair) || beat.Newest != Volatile.Read(ref _lastRead) || beat.Epoch != _epoch || _dead.Count > 0)
        {
            _ = _work.AskAsync();
        }
    }

    /// <summary>When a call of now has been given up, by the clock of Redis.</summary>
    private long TooLate() => Volatile.Read(ref _clockAhead) + Now() + (long)_options.RedisTimeout.TotalMilliseconds;

    private long Now() => (long)_time.GetElapsedTime(0).TotalMilliseconds;

    private void Down(string reason)
    {
        if (Interlocked.Exchange(ref _isUp, false))
        {
            _store.Down(reason);
        }
    }

    // ---- Work

    /// <summary>Has what Redis knows of our sockets made true again, and what our sockets know of their events.</summary>
    private Task RepairAsync()
    {
        Volatile.Write(ref _needsRepair, true);
        return _work.AskAsync();
    }

    private void RepairIfNew(string epoch)
    {
        if (epoch != _epoch)
        {
            _ = RepairAsync();
        }
    }

    private async Task WorkAsync()
    {
        if (!IsUp)
        {
            // The first beat that gets through asks for it.
            return;
        }

        try
        {
            var isRepaired = Interlocked.Exchange(ref _needsRepair, false) && await EnterAsync();
            await ReadAsync();
            if (isRepaired)
            {
                // What has not come by now does not come by itself.
                _store.Bus.TellBehind(_number);
            }

            await StrikeDeadAsync();
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            // The next beat has it tried again.
            _store.Failed(exception);
        }
        catch (Exception exception)
        {
            // Nobody waits for this work: what nobody has thought of must be told here, and must not end it for ever.
            _store.Broken(exception);
        }
    }

    /// <summary>Takes part, with all sockets of this node. False if Redis has to be looked at first.</summary>
    private async Task<bool> EnterAsync()
    {
        var isDone = false;
        try
        {
            var (epoch, newest) = await _redis.EnterAsync(_number);
            if (epoch.Length == 0)
            {
                CheckRedis();
                return false;
            }

            Volatile.Write(ref _lastRead, Math.Min(_lastRead, newest));

            foreach (var some in _store.Bus.SocketsOf(_number).Chunk(SeatsAtOnce))
            {
                var tops = await _redis.RejoinAsync(_number, some);
                foreach (var (connection, top) in some.Zip(tops))
                {
                    if (top is not { } position)
                    {
                        _store.Bus.Deliver(_number, new Letter.Kick(connection.UserId, [connection.Id]));
                    }
                    else if (connection.IsExtended)
                    {
                        _store.Bus.Moved(_number, connection, position);
                    }
                }
            }

            while (await _redis.StrikeAsync(_number, _store.Node, RedisCalls.SetAside) > 0)
            {
                // A hundred at a time.
            }

            if (_epoch.Length > 0 && _epoch != epoch)
            {
                _metrics.EpochChanged();
                // Where the bucket's keys are gone, the number of buckets may be as well. It may stand on another shard.
                await TryAsync(_redis.AgreeOnBucketsAsync, 0);
            }

            _epoch = epoch;
            return isDone = true;
        }
        finally
        {
            if (!isDone)
            {
                Volatile.Write(ref _needsRepair, true);
            }
        }
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            var (epoch, newest, letters) = await _redis.ReadAsync(_number, _lastRead);
            if (epoch != _epoch || newest is null)
            {
                // First who is here and where they stand, then what is new to them.
                _ = RepairAsync();
                return;
            }

            foreach (var mail in letters)
            {
                await HandOnAsync(mail);
                Advance(mail.Number - 1, mail.Number);
            }

            if (letters.Count < RedisCalls.LettersAtOnce)
            {
                Advance(letters.Count == 0 ? Math.Max(_lastRead, newest.Value) : _lastRead, Math.Max(_lastRead, newest.Value));
                return;
            }
        }
    }

    /// <summary>A mailbox holds only so many letters, and its numbers jump when Redis may have lost some.</summary>
    private void Advance(long follows, long number)
    {
        if (follows != _lastRead)
        {
            _ = RepairAsync();
        }

        Volatile.Write(ref _lastRead, number);
    }

    private async Task HandOnAsync(Mail mail)
    {
        var letter = mail.Letter;
        if (letter is Letter.Event told)
        {
            if (mail.Body.Length > 0)
            {
                if (await _redis.FindBodyAsync(mail.Body, told.HubEvent.PublishedAt) is not { } large)
                {
                    // Who keeps count asks for it, and gets it or is told that it is gone.
                    _metrics.Lost(told.Recipients.Count, "gone");
                    _ = RepairAsync();
                    return;
                }

                told = told with { HubEvent = large };
            }

            letter = mail.Call == 0 ? told : told with { Told = _pending.Delivered(mail.Call) };
        }

        if (letter is not null)
        {
            _store.Bus.Deliver(_number, letter);
            return;
        }

        // Who keeps count finds out whether it was meant for him.
        _store.LetterUnread();
        _ = RepairAsync();
    }

    /// <summary>Strikes the seats of dead nodes, each a few at a time, with letters in between. Other survivors may help.</summary>
    private async Task StrikeDeadAsync()
    {
        foreach (var (node, lastBeat) in _dead)
        {
            var left = await _redis.StrikeAsync(_number, node, lastBeat);
            if (left >= 0)
            {
                _store.NodeStruck(node);
            }

            if (left > 0)
            {
                _ = _work.AskAsync();
            }
        }
    }
}
