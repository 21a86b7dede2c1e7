using Gateway.Notify.Protocol;

namespace Gateway.Notify.Delivery.Redis;

/// <content>Events: what is sent to Redis, and what becomes of those that Redis does not take.</content>
internal sealed partial class RedisBucket
{
    private const int RecipientsAtOnce = 128;

    /// <summary>False for an event that Redis has not taken in time: it may, or may not, reach the sockets of other nodes.</summary>
    public async ValueTask<bool> PublishAsync(HubEvent hubEvent, IReadOnlyList<string> recipients)
    {
        // No call may hold Redis for longer than a few ms, and the patience with each begins when it is sent.
        IEnumerable<IReadOnlyList<string>> calls = recipients.Count <= RecipientsAtOnce ? [recipients] : recipients.Chunk(RecipientsAtOnce);
        var isTaken = true;
        foreach (var some in calls)
        {
            isTaken &= await PublishSomeAsync(hubEvent, some);
        }

        return isTaken;
    }

    private async Task<bool> PublishSomeAsync(HubEvent hubEvent, IReadOnlyList<string> recipients)
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
                await ((Task)concluding).WaitAsync(_options.RedisTimeout, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!concluding.IsCompleted)
                {
                    // Redis may take it yet. Then clients that keep count hear of it by its letter, and otherwise load anew.
                    _pending.Failed(call, () => _store.Bus.TellEarly(_number, hubEvent, recipients, plainOnly: true));
                    CheckRedis();
                }

                return concluding is { IsCompletedSuccessfully: true, Result: true };
            }
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            _store.Failed(exception);
        }

        Lose(recipients.Count, "outage");
        _store.Bus.TellEarly(_number, hubEvent, recipients, plainOnly: false);
        return false;
    }

    /// <summary>Sends an event, and follows what becomes of it, also when nobody waits any more. True when Redis has taken it, or refuses it whenever it is asked.</summary>
    private async Task<bool> ConcludeAsync(long call, HubEvent hubEvent, IReadOnlyList<string> recipients)
    {
        var reason = "outage";
        try
        {
            var (epoch, untold) = await _redis.PublishAsync(_number, call, hubEvent, recipients);
            if (epoch.Length > 0)
            {
                _pending.Succeeded(call);
                Refuse(hubEvent, [.. untold.Where(one => one.Error.Length > 0)]);
                if (untold.Any(one => one.Error.Length == 0))
                {
                    _store.Bus.Missed(hubEvent, [.. untold.Where(one => one.Error.Length == 0).Select(one => one.UserId)]);
                }

                RepairIfNew(epoch);
                return true;
            }
        }
        catch (Exception exception) when (RedisCalls.IsOfRedis(exception))
        {
            reason = _store.Failed(exception) ? reason : "refused";
        }
        catch (Exception exception)
        {
            // Perhaps nobody awaits this any more: an unexpected failure must be logged here, and costs the event like any other.
            _store.Broken(exception);
        }

        Lose(recipients.Count, reason);
        _pending.Failed(call, () => _store.Bus.TellEarly(_number, hubEvent, recipients, plainOnly: true));
        return reason == "refused";
    }

    /// <summary>What is lost is neither repeated nor stored. Clients that keep count are told to load anew as soon as Redis can say so to all nodes.</summary>
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
}
