using System.Buffers;
using Gateway.Transforms.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Transforms.Events;

/// <summary>
/// Follows the rules of a route before the client gets its answer: so one user's calls are told about in the order they were answered.
/// Nothing that goes wrong here fails the call, which has been done.
/// </summary>
internal sealed partial class EventDispatcher(
    ISubServices services, IEventPublisher publisher, IOptions<EventOptions> options, IOptions<UserDetailsOptions> userDetails, TimeProvider time, ILogger<EventDispatcher> logger)
{
    /// <summary>What fails for one call fails for thousands a second.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly LogThrottle _lookUps = new(time, Interval);
    private readonly LogThrottle _publishes = new(time, Interval);
    private readonly LogThrottle _asks = new(time, Interval);
    private readonly LogThrottle _unreadable = new(time, Interval);

    /// <param name="route">The name of the route, for the log.</param>
    /// <param name="events">Its rules.</param>
    /// <param name="caller">The session's user.</param>
    /// <param name="request">The request as it was sent on.</param>
    /// <param name="answer">The answer as it came.</param>
    /// <exception cref="MalformedFieldException">The answer is not well-formed, so nothing can be said of it.</exception>
    public async ValueTask DispatchAsync(string route, RouteEvents events, string caller, ReadOnlySequence<byte> request, ReadOnlyMemory<byte> answer)
    {
        CallFacts facts;
        try
        {
            facts = events.Read(caller, request, new ReadOnlySequence<byte>(answer));
        }
        catch (MalformedFieldException malformed) when (!malformed.IsOutermost)
        {
            TellUnreadable(route, malformed.Message);
            return;
        }

        if (!events.Success.Holds(facts))
        {
            return;
        }

        // 1. Which rules hold, and for whom; the details of those they are about.
        var due = events.LookUps.Count == 0 ? [.. events.Rules.Where(rule => rule.When?.Holds(facts) is not false)] : await FindDueAsync(route, events, facts);
        var told = new List<(EventRule Rule, IReadOnlyList<string> Recipients)>(due.Count);
        foreach (var rule in due)
        {
            if (rule.Recipients(facts) is { Count: > 0 } recipients)
            {
                told.Add((rule, recipients));
            }
        }

        if (events.Users is not null)
        {
            await LearnAsync(route, events.Users, [.. told.SelectMany(one => one.Rule.Users).Select(user => user.Text(facts)).Where(id => id.Length > 0).Distinct(StringComparer.Ordinal)], facts);
        }

        // 2. Not the request's token: the sub-service has acted, so the others are told even when the caller has gone.
        using var deadline = new CancellationTokenSource(options.Value.PublishTimeout, time);
        foreach (var (rule, recipients) in told)
        {
            if (!rule.Event.IsSound(facts))
            {
                TellUnreadable(route, $"text that is no UTF-8, or a broken message, in what {rule.Type} shows");
                continue;
            }

            var (length, sizes) = rule.Event.Measure(facts);
            await PublishAsync(route, new Notification(recipients, rule.Type, length, target => rule.Event.Write(facts, sizes, target.Span)), deadline.Token);
        }
    }

    /// <summary>Asks what has to be known to say which rules hold, and then for whom and what they show.</summary>
    private async Task<List<EventRule>> FindDueAsync(string route, RouteEvents events, CallFacts facts)
    {
        var failed = new HashSet<LookUp>();
        await AskAsync(route, events.LookUpsBefore, facts, failed);
        List<EventRule> due = [.. events.Rules.Where(rule => !rule.LookUpsBefore.Any(failed.Contains) && rule.When?.Holds(facts) is not false)];
        await AskAsync(route, [.. due.SelectMany(rule => rule.LookUps).Except(events.LookUpsBefore)], facts, failed);
        due.RemoveAll(rule => rule.LookUps.Any(failed.Contains));
        return due;
    }

    /// <summary>One at a time, so that one that fails does not take the others with it.</summary>
    private async Task PublishAsync(string route, Notification notification, CancellationToken deadline)
    {
        try
        {
            await publisher.PublishAsync(notification, deadline).WaitAsync(deadline);
        }
        catch (Exception exception)
        {
            if (_publishes.TryPass(out var suppressed))
            {
                Log.PublishFailed(logger, exception, route, notification.Type, suppressed);
            }
        }
    }

    /// <param name="route">The name of the route, for the log.</param>
    /// <param name="asked">Who is asked, each once.</param>
    /// <param name="facts">Takes the answers.</param>
    /// <param name="failed">Takes those without one.</param>
    private async Task AskAsync(string route, IReadOnlyList<LookUp> asked, CallFacts facts, HashSet<LookUp> failed)
    {
        if (asked.Count == 0)
        {
            return;
        }

        using var deadline = new CancellationTokenSource(options.Value.LookUpTimeout, time);
        await Task.WhenAll(asked.Select(async lookUp =>
        {
            try
            {
                await lookUp.AskAsync(services, facts, userDetails.Value.MaxAnswer, deadline.Token).WaitAsync(deadline.Token);
            }
            catch (Exception exception)
            {
                lock (failed)
                {
                    failed.Add(lookUp);
                }

                if (_asks.TryPass(out var suppressed))
                {
                    Log.AskFailed(logger, exception, route, lookUp.Name, suppressed);
                }
            }
        }));
    }

    private async Task LearnAsync(string route, UserDetails users, IReadOnlyCollection<string> userIds, CallFacts facts)
    {
        if (userIds.Count == 0)
        {
            return;
        }

        using var deadline = new CancellationTokenSource(options.Value.LookUpTimeout, time);
        try
        {
            facts.Learn(await users.FindAsync(services, userIds, deadline.Token).WaitAsync(deadline.Token));
        }
        catch (Exception exception)
        {
            if (_lookUps.TryPass(out var suppressed))
            {
                Log.LookUpFailed(logger, exception, route, userIds.Count, suppressed);
            }
        }
    }

    private void TellUnreadable(string route, string problem)
    {
        if (_unreadable.TryPass(out var suppressed))
        {
            Log.Unreadable(logger, route, problem, suppressed);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1510, LogLevel.Warning,
            "Route '{Route}': the details of {Count} user(s) could not be looked up; only their ids are told ({Suppressed} like it since the last such line were not logged)", EventName = "UserLookUpFailed")]
        public static partial void LookUpFailed(ILogger logger, Exception exception, string route, int count, int suppressed);

        [LoggerMessage(1511, LogLevel.Warning, "Route '{Route}': the event {Type} could not be handed to the notify hub ({Suppressed} like it since the last such line were not logged)", EventName = "PublishFailed")]
        public static partial void PublishFailed(ILogger logger, Exception exception, string route, string type, int suppressed);

        [LoggerMessage(1512, LogLevel.Warning, "Route '{Route}': the look-up '{LookUp}' failed; the events that need it are not told ({Suppressed} like it since the last such line were not logged)", EventName = "LookUpFailed")]
        public static partial void AskFailed(ILogger logger, Exception exception, string route, string lookUp, int suppressed);

        [LoggerMessage(1513, LogLevel.Warning, "Route '{Route}': the answer cannot be read for its events, which are not told: {Problem} ({Suppressed} like it since the last such line were not logged)", EventName = "EventUnreadable")]
        public static partial void Unreadable(ILogger logger, string route, string problem, int suppressed);
    }
}
