using Gateway.Notify.Delivery.Redis;
using StackExchange.Redis;

namespace Gateway.Proxy.Sessions;

/// <summary>
/// Asks Redis for the sessions of many callers in few commands. Who comes while fewer than two commands are under way is sent at once. Others
/// gather, and go out as one MGET when the next command ends, or as soon as there are enough of them for one. So nobody waits in quiet times, and
/// nobody gets the answer to a command that was sent before the question. A caller may stop waiting at any time, and a command is waited for no longer than the timeout.
/// </summary>
internal sealed partial class SessionBatches(TimeSpan timeout, TimeProvider time, ILogger logger)
{
    // With only one, a gateway short of CPU would stand still between an answer and the next command.
    internal const int UsuallyUnderWay = 2;
    internal const int MostKeys = 64;

    private readonly Lock _lock = new();
    private List<Question> _gathering = [];
    private int _underWay;
    private volatile bool _oneByOne;
    private bool _told;

    public Task<RedisValue> AskAsync(IDatabase redis, RedisKey key)
    {
        if (_oneByOne)
        {
            return redis.StringGetAsync(key);
        }

        var question = new Question(key);
        if (Gather(question) is { } batch)
        {
            _ = SendAsync(redis, batch);
        }

        return question.Task;
    }

    private List<Question>? Gather(Question question)
    {
        lock (_lock)
        {
            _gathering.Add(question);
            return _underWay < UsuallyUnderWay || _gathering.Count >= MostKeys ? Take() : null;
        }
    }

    private List<Question>? EndOne()
    {
        lock (_lock)
        {
            _underWay--;
            return _gathering.Count > 0 ? Take() : null;
        }
    }

    private List<Question> Take()
    {
        var batch = _gathering;
        _gathering = [];
        _underWay++;
        return batch;
    }

    private async Task SendAsync(IDatabase redis, List<Question> batch)
    {
        var answer = GetAsync(redis, batch);
        // A command that takes longer has no callers left, and must not keep those of the next one waiting.
        await ((Task)answer).WaitAsync(timeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Before the callers of this batch get their answers: those of the next one have been waiting for a command to end.
        if (EndOne() is { } next)
        {
            _ = SendAsync(redis, next);
        }

        try
        {
            var users = await answer;
            for (var i = 0; i < users.Length; i++)
            {
                batch[i].SetResult(users[i]);
            }
        }
        catch (Exception e) when (batch.Count > 1 && e is RedisServerException or RedisCommandException)
        {
            // A single key can have brought it about, and is to fail alone.
            LearnFrom(e);
            batch.ForEach(question => _ = AskAloneAsync(redis, question));
        }
        catch (Exception e)
        {
            batch.ForEach(question => question.SetException(e));
        }
    }

    private static async Task<RedisValue[]> GetAsync(IDatabase redis, List<Question> batch) =>
        batch.Count == 1 ? [await redis.StringGetAsync(batch[0].Key)] : await redis.StringGetAsync([.. batch.Select(question => question.Key)]);

    private static async Task AskAloneAsync(IDatabase redis, Question question)
    {
        try
        {
            question.SetResult(await redis.StringGetAsync(question.Key));
        }
        catch (Exception e)
        {
            question.SetException(e);
        }
    }

    /// <summary>MGET may fail whatever the keys: forbidden, or refused by the client itself, as for a cluster, whose servers have a share of the keys each.</summary>
    private void LearnFrom(Exception failure)
    {
        var isForbidden = RedisFault.ForbiddenCommand(failure.Message) == "mget";
        if (isForbidden || failure is RedisCommandException || failure.Message.StartsWith("CROSSSLOT", StringComparison.Ordinal))
        {
            _oneByOne = true;
        }

        if (isForbidden && !Interlocked.Exchange(ref _told, true))
        {
            Log.OneByOne(logger);
        }
    }

    private sealed class Question(RedisKey key) : TaskCompletionSource<RedisValue>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public RedisKey Key { get; } = key;
    }

    private static partial class Log
    {
        [LoggerMessage(1207, LogLevel.Warning,
            "The gateway's Redis user may not run MGET, so under load each session is asked for by a command of its own; give it the right '+mget', and restart the gateway.",
            EventName = "SessionLookupsOneByOne")]
        public static partial void OneByOne(ILogger logger);
    }
}
