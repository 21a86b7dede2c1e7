namespace Gateway.Notify.Delivery.Redis;

/// <content>Work, one step after another: taking seats again, reading letters, striking off dead nodes.</content>
internal sealed partial class RedisBucket
{
    private const int SeatsAtOnce = 100;

    /// <summary>Makes true again what Redis knows of our sockets, and what our sockets know of their events.</summary>
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
            // The first beat that gets through asks for the work again.
            return;
        }

        try
        {
            var isRepaired = Interlocked.Exchange(ref _needsRepair, false) && await EnterAsync();
            await ReadAsync();
            if (isRepaired)
            {
                // An event that has not come by now does not come by itself.
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
            // Nobody awaits this work: an unexpected failure must be logged here, and must not end the work for ever.
            _store.Broken(exception);
        }
    }

    /// <summary>Enters this node and all its sockets. False if Redis has to be checked first.</summary>
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
                // First the seats and where each client stands, then the letters.
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

    /// <summary>Notes up to where letters were read. A gap is repaired: a mailbox holds a limited number of letters, and its numbers jump when Redis may have lost some.</summary>
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
                    // Clients that keep count ask for it, and get it or are told that it is gone.
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

        // Clients that keep count find out whether it was meant for them.
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
