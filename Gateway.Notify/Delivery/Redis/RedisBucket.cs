using Gateway.Notify.Connections;
using Gateway.Notify.Presence;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>
/// One bucket as this node sees it: its mailbox, its epoch, and whether Redis takes what belongs to it. What becomes of one bucket is no
/// matter of any other. Two things go on side by side: beats, which nothing delays, and the work of taking seats again, reading and
/// burying, one step after another.
/// </summary>
internal sealed class RedisBucket
{
    private const int BeatsPerTimeout = 6;
    private const int BeatsToBeSure = 3;
    private const int RecipientsAtOnce = 256;
    private const int SeatsAtOnce = 200;

    private static readonly TimeSpan OutageInterval = TimeSpan.FromMilliseconds(250);

    private readonly int _number;
    private readonly RedisCalls _redis;
    private readonly RedisStore _store;
    private readonly NotifyOptions _options;
    private readonly NotifyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly OwnCalls _calls = new();
    private readonly Graves _graves;
    private readonly OneAtATime _work;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _beating = Task.CompletedTask;
    private Task _looking = Task.CompletedTask;
    private int _doubts;
    private int _dispelled;
    private bool _isUp;
    private long _lostAt;
    private int _miscounted;
    private int _due;
    private string _epoch = "";
    private long _read;
    private Repair _repair = Repair.Seats;

    public RedisBucket(int number, RedisCalls redis, RedisStore store, NotifyOptions options, NotifyMetrics metrics, TimeProvider time)
    {
        (_number, _redis, _store, _options, _metrics, _time) = (number, redis, store, options, metrics, time);
        _graves = new Graves(options.NodeTimeout, time);
        _work = new OneAtATime(WorkAsync);
    }

    private enum Repair
    {
        None,

        /// <summary>Redis may not know our seats.</summary>
        Seats,

        /// <summary>And letters may have been lost.</summary>
        Letters,
    }

    /// <summary>True while Redis takes what belongs to this bucket.</summary>
    public bool IsUp => Volatile.Read(ref _isUp);

    /// <summary>Beats until the node stops, and looks for letters with every beat.</summary>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        Task? listening = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            await BeatAsync();
            if (listening is null or { IsFaulted: true })
            {
                if (listening?.Exception?.InnerException is { } exception)
                {
                    _store.Failed(exception);
                }

                listening = _redis.ListenAsync(_number, _work.Ask);
            }

            await Task.Delay(IsUp ? _options.NodeTimeout / BeatsPerTimeout : OutageInterval, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Looks at once whether Redis is still there and still the same. Until that is known, nothing is sent.</summary>
    public void Look()
    {
        lock (_lock)
        {
            _doubts++;
            _looking = _looking.IsCompleted ? LookAsync() : _looking;
        }
    }

    public async ValueTask PublishAsync(HubEvent hubEvent, IReadOnlyList<string> recipients)
    {
        if (recipients.Count <= RecipientsAtOnce)
        {
            await PublishSomeAsync(hubEvent, recipients);
        }
        else
        {
            // No call may hold Redis for longer than a few ms.
            await Task.WhenAll(recipients.Chunk(RecipientsAtOnce).Select(some => PublishSomeAsync(hubEvent, some)));
        }
    }

    public async ValueTask<JoinAnswer> JoinAsync(NotifyConnection connection, string predecessor, FeedPosition? resume)
    {
        try
        {
            for (var attempt = 0; attempt < 2 && await IsReadyAsync(); attempt++)
            {
                if (await _redis.JoinAsync(_number, connection, predecessor, resume) is var (epoch, answer))
                {
                    MendIfNew(answer.Outcome == JoinOutcome.Seated ? epoch : _epoch);
                    return answer;
                }

                // Redis does not know this node, or not any more.
                Mend(Repair.Seats);
                await _work.Done.WaitAsync(_options.RedisTimeout, _time);
            }
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            _store.Failed(exception);
        }

        return new JoinAnswer(JoinOutcome.OutOfReach);
    }

    /// <summary>What Redis has not been told it finds out by comparing, when it is back.</summary>
    public async ValueTask LeaveAsync(NotifyConnection connection)
    {
        try
        {
            if (IsUp)
            {
                await _redis.LeaveAsync(_number, connection);
                return;
            }
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            _store.Failed(exception);
        }

        Need(Repair.Seats);
    }

    public async ValueTask<Missed?> FindMissedAsync(string userId, FeedPosition from)
    {
        try
        {
            if (await IsReadyAsync())
            {
                var (epoch, missed) = await _redis.FindMissedAsync(_number, userId, from);
                MendIfNew(epoch);
                return missed;
            }
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            _store.Failed(exception);
        }

        return null;
    }

    public async Task<IReadOnlyList<Departure>> FindDueAsync()
    {
        try
        {
            return Interlocked.Exchange(ref _due, 0) > 0 ? await _redis.FindDueAsync(_number) : [];
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            _store.Failed(exception);
            return [];
        }
    }

    /// <summary>The sockets have gone by now. What Redis still has of this node is taken away, so that the others do not miss it.</summary>
    public async Task EndAsync(string node)
    {
        await _work.EndAsync();
        if (IsUp && await _redis.BuryAsync(_number, node, ""))
        {
            while (await _redis.StrikeAsync(_number, node, isBuried: true, "") > 0)
            {
                // A hundred at a time.
            }
        }
    }

    // ---- Publishing

    private async Task PublishSomeAsync(HubEvent hubEvent, IReadOnlyList<string> recipients)
    {
        long? call = null;
        var reason = "outage";
        try
        {
            if (await IsReadyAsync())
            {
                if (RedisCalls.IsLarge(hubEvent))
                {
                    await hubEvent.KeepAsync(_redis.KeepAsync);
                }

                call = _calls.Begin();
                var (epoch, refused) = await _redis.PublishAsync(_number, call.Value, hubEvent, recipients);
                if (epoch.Length > 0)
                {
                    _calls.Succeeded(call.Value);
                    Refuse(hubEvent, refused);
                    MendIfNew(epoch);
                    return;
                }

                Look();
            }
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            if (_store.Failed(exception))
            {
                Down(RedisFault.Of(exception).Reason);
                Look();
            }
            else
            {
                reason = "refused";
            }
        }

        // Neither repeated nor stored. Who keeps count is told to load anew as soon as Redis can say so to all nodes.
        _metrics.Lost(recipients.Count, reason);
        if (call is { } number)
        {
            _calls.Failed(number, Tell);
        }
        else
        {
            Tell();
        }

        Volatile.Write(ref _lostAt, _time.GetTimestamp());

        IReadOnlySet<NotifyConnection> Tell() => _store.Bus.TellEarly(_number, hubEvent, recipients);
    }

    /// <summary>Keys of single users that Redis refuses concern nobody else.</summary>
    private void Refuse(HubEvent hubEvent, IReadOnlyList<(string UserId, string Error)> refused)
    {
        if (refused.Count > 0)
        {
            _store.Failed(RedisFault.OfAnswer(refused[0].Error));
            _metrics.Lost(refused.Count, "refused");
            _store.Bus.TellEarly(_number, hubEvent, [.. refused.Select(one => one.UserId)]);
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

        if (IsUp && Volatile.Read(ref _doubts) != Volatile.Read(ref _dispelled))
        {
            await _looking.WaitAsync(_options.RedisTimeout, _time);
        }

        return IsUp;
    }

    // ---- Beats

    /// <summary>A beat that was under way when the doubt arose dispels nothing.</summary>
    private async Task LookAsync()
    {
        await BeatAsync();
        if (Volatile.Read(ref _doubts) != Volatile.Read(ref _dispelled))
        {
            await BeatAsync();
        }
    }

    /// <summary>One at a time; whoever comes while one is under way gets that one.</summary>
    private Task BeatAsync()
    {
        lock (_lock)
        {
            return _beating.IsCompleted ? _beating = BeatOnceAsync() : _beating;
        }
    }

    private async Task BeatOnceAsync()
    {
        var (lostAt, doubts) = (Volatile.Read(ref _lostAt), Volatile.Read(ref _doubts));
        try
        {
            var beat = await _redis.BeatAsync(
                _number, lostAt == 0 ? null : _time.GetElapsedTime(lostAt), afresh: !IsUp || doubts != Volatile.Read(ref _dispelled), Volatile.Read(ref _read));
            Interlocked.CompareExchange(ref _lostAt, 0, lostAt);
            Volatile.Write(ref _dispelled, doubts);
            OnBeat(beat);
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            _store.Failed(exception);
            // Also where a right is missing: a node that cannot say that it is alive is nobody's.
            Down(RedisFault.Of(exception).Reason);
        }
    }

    private void OnBeat(Beat beat)
    {
        if (!Interlocked.Exchange(ref _isUp, true))
        {
            _begun.TrySetResult();
            _store.Up();
        }

        if (beat.Epoch != Volatile.Read(ref _epoch))
        {
            _graves.LookAway();
        }

        _graves.Look(beat);
        Volatile.Write(ref _due, beat.Due);
        _miscounted = beat.Seats == _store.Bus.CountOf(_number) ? 0 : _miscounted + 1;
        if (!beat.IsKnown)
        {
            Need(Repair.Letters);
        }
        else if (_miscounted == BeatsToBeSure)
        {
            // Somebody has left, or been let in, and the one side or the other has not heard of it.
            Need(Repair.Seats);
            _miscounted = 0;
        }

        _work.Ask();
    }

    private void Down(string reason)
    {
        _graves.LookAway();
        if (Interlocked.Exchange(ref _isUp, false))
        {
            _store.Down(reason);
        }
    }

    // ---- Work

    private void Need(Repair repair)
    {
        lock (_lock)
        {
            _repair = repair > _repair ? repair : _repair;
        }
    }

    private void Mend(Repair repair)
    {
        Need(repair);
        _work.Ask();
    }

    private void MendIfNew(string epoch)
    {
        if (epoch != Volatile.Read(ref _epoch))
        {
            Mend(Repair.Seats);
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
            var repaired = await RepairAsync();
            await ReadAsync();
            if (repaired == Repair.Letters)
            {
                // What has not come by now does not come by itself.
                _store.Bus.TellBehind(_number);
            }

            await BuryAsync();
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            // The next beat has it tried again.
            _store.Failed(exception);
        }
    }

    /// <summary>Makes what Redis knows of our sockets true again, and what our sockets know of their events.</summary>
    private async Task<Repair> RepairAsync()
    {
        Repair repair;
        lock (_lock)
        {
            repair = _repair;
            _repair = Repair.None;
        }

        if (repair == Repair.None)
        {
            return Repair.None;
        }

        var isDone = false;
        try
        {
            var (epoch, isNew) = await _redis.EnterAsync(_number);
            if (epoch.Length == 0)
            {
                Look();
                return Repair.None;
            }

            if (isNew)
            {
                Volatile.Write(ref _read, 0);
            }

            foreach (var some in _store.Bus.SocketsOf(_number).Chunk(SeatsAtOnce))
            {
                var tops = await _redis.RejoinAsync(_number, some);
                foreach (var (connection, top) in some.Zip(tops).Where(one => one.First.IsExtended))
                {
                    _store.Bus.Moved(_number, connection, top);
                }
            }

            while (await _redis.StrikeAsync(_number, _store.Node, isBuried: false, "") > 0)
            {
                // A hundred at a time.
            }

            if (_epoch.Length > 0 && _epoch != epoch)
            {
                _metrics.EpochChanged();
            }

            Volatile.Write(ref _epoch, epoch);
            isDone = true;
            return repair;
        }
        finally
        {
            Need(isDone ? Repair.None : repair);
        }
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            var (epoch, newest, letters) = await _redis.ReadAsync(_number, _read);
            if (epoch != _epoch || newest is null)
            {
                // First who is here and where they stand, then what is new to them.
                Mend(epoch.Length == 0 || newest is null ? Repair.Letters : Repair.Seats);
                return;
            }

            foreach (var mail in letters)
            {
                await HandOnAsync(mail);
                Advance(mail.Number - 1, mail.Number);
            }

            if (letters.Count < RedisCalls.LettersAtOnce)
            {
                Advance(letters.Count == 0 ? Math.Max(_read, newest.Value) : _read, Math.Max(_read, newest.Value));
                return;
            }
        }
    }

    /// <summary>A mailbox holds only so many letters, and its numbers jump when Redis may have lost some.</summary>
    private void Advance(long follows, long number)
    {
        if (follows != _read)
        {
            Mend(Repair.Letters);
        }

        Volatile.Write(ref _read, number);
    }

    private async Task HandOnAsync(Mail mail)
    {
        var letter = mail.Letter;
        if (letter is Letter.Event told)
        {
            if (mail.Body.Length > 0)
            {
                if (await FetchAsync(mail.Body, told.HubEvent.PublishedAt) is not { } large)
                {
                    // Who keeps count asks for it, and gets it or is told that it is gone.
                    _metrics.Lost(told.Recipients.Count, "gone");
                    Mend(Repair.Letters);
                    return;
                }

                told = told with { HubEvent = large };
            }

            letter = mail.Call == 0 ? told : told with { Told = _calls.Delivered(mail.Call) };
        }

        if (letter is not null)
        {
            _store.Bus.Deliver(_number, letter);
        }
    }

    /// <summary>What can't be fetched must not hold up the letters behind it: it may be where another bucket's Redis is away.</summary>
    private async Task<HubEvent?> FetchAsync(string id, long publishedAt)
    {
        try
        {
            return await _redis.FetchAsync(id, publishedAt);
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            _store.Failed(exception);
            return null;
        }
    }

    private async Task BuryAsync()
    {
        foreach (var (node, lastBeat) in _graves.TakeDead())
        {
            if (await _redis.BuryAsync(_number, node, lastBeat))
            {
                _store.Buried(node);
                _graves.Opened(node, lastBeat);
            }
        }

        foreach (var (node, lastBeat) in _graves.Open)
        {
            if (await _redis.StrikeAsync(_number, node, isBuried: true, lastBeat) == 0)
            {
                _graves.Closed(node);
            }
            else
            {
                // Letters in between.
                _work.Ask();
            }
        }
    }
}
