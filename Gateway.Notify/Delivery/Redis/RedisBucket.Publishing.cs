using Gateway.Notify.Protocol;

namespace Gateway.Notify.Delivery.Redis;

/// <content>Events: what is sent to Redis, and what becomes of those that Redis does not take.</content>
internal sealed partial class RedisBucket
{
    private const int RecipientsAtOnce = 128;

    public async ValueTask PublishAsync(HubEvent hubEvent, IReadOnlyList<string> recipients)
    {
        // No call may hold Redis for longer than a few ms, and the patience with each begins when it is sent.
        IEnumerable<IReadOnlyList<string>> calls = recipients.Count <= RecipientsAtOnce ? [recipients] : recipients.Chunk(RecipientsAtOnce);
        foreach (var some in calls)
        {
            await PublishSomeAsync(hubEvent, some);
        }
    }

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
                    // Redis may take it yet. Then clients that keep count hear of it by its letter, and otherwise load anew.
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
            // Perhaps nobody awaits this any more: an unexpected failure must be logged here, and costs the event like any other.
            _store.Broken(exception);
        }

        Lose(recipients.Count, reason);
        _pending.Failed(call, () => _store.Bus.TellEarly(_number, hubEvent, recipients, plainOnly: true));
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
