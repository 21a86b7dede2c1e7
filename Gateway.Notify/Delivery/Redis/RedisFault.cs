using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using StackExchange.Redis;

namespace Gateway.Notify.Delivery.Redis;

/// <summary>Why Redis did not do what it was asked: the one place that tells an outage from a word about the question.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Reason">For the log, in words of the gateway: texts of Redis and its client may hold a session id.</param>
public sealed partial record RedisFault(RedisFaultKind Kind, string Reason)
{
    private const string Refusal = "NOPERM: the Redis user may not";

    public bool IsOutage => Kind == RedisFaultKind.Outage;

    public static RedisFault Of(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception switch
        {
            RedisServerException refused => OfAnswer(refused.Message),
            RedisConnectionException broken => new(RedisFaultKind.Outage, Describe(broken)),
            _ => new(RedisFaultKind.Outage, exception.GetType().Name),
        };
    }

    /// <summary>The command that the user may not run, as an error of Redis names it; null if it is about something else.</summary>
    public static string? ForbiddenCommand(string error) => Forbidden().Match(error) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>What an error that Redis answers with says.</summary>
    public static RedisFault OfAnswer(string error)
    {
        ArgumentNullException.ThrowIfNull(error);
        // Before Redis 7 what went wrong inside a script stands at the end.
        if (error.StartsWith("WRONGTYPE ", StringComparison.Ordinal) || error.Contains(": WRONGTYPE ", StringComparison.Ordinal))
        {
            return new(RedisFaultKind.NameRefused, "WRONGTYPE: the key holds something else");
        }

        if (!IsRefusal(error))
        {
            // LOADING, READONLY, CLUSTERDOWN, OOM and the like: a state of the server, which no client can bring about by what it asks for.
            return new(RedisFaultKind.Outage, Code().Match(error) is { Success: true } code ? code.Value : nameof(RedisServerException));
        }

        return IsAboutCommand(error)
            ? new(RedisFaultKind.CommandRefused, $"{Refusal} {(ForbiddenCommand(error) is { } command ? $"run '{command}'" : "run a command of the script")}")
            : new(RedisFaultKind.NameRefused, $"{Refusal} use the {(error.Contains("channel", StringComparison.Ordinal) ? "channel" : "key")}");
    }

    /// <summary>Before Redis 7.2 a refusal inside a script comes as a plain ERR.</summary>
    private static bool IsRefusal(string error) =>
        error.StartsWith("NOPERM", StringComparison.Ordinal) || error.Contains("The user executing the script can't", StringComparison.Ordinal);

    private static bool IsAboutCommand(string error) => error.Contains(" run ", StringComparison.Ordinal);

    /// <summary>The client cannot keep a connection without PING and ECHO, and says so in the middle of its text.</summary>
    private static string Describe(RedisConnectionException broken)
    {
        var kind = $"{nameof(RedisConnectionException)}, {broken.FailureType}";
        return ForbiddenCommand(broken.Message) is { } command ? $"{kind}, {Refusal} run '{command}'" : kind;
    }

    [GeneratedRegex("NOPERM .* run the '([a-z|]+)' command")]
    private static partial Regex Forbidden();

    [GeneratedRegex("^[A-Z]+(?= |$)")]
    private static partial Regex Code();
}

/// <summary>What a <see cref="RedisFault"/> is about.</summary>
public enum RedisFaultKind
{
    /// <summary>Redis as a whole: no connection, no answer in time, or a state in which it serves nobody.</summary>
    Outage,

    /// <summary>A command that the gateway's user may not run, whatever the key.</summary>
    CommandRefused,

    /// <summary>The key or channel of this question: not the user's, or of another type. Others may be fine.</summary>
    NameRefused,
}

/// <summary>Decides which faults are told: an outage every few seconds, a refusal, which stays until somebody changes something, rarely.</summary>
public sealed class RedisFaultLog(TimeProvider time)
{
    private static readonly TimeSpan OutageInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RefusalInterval = TimeSpan.FromMinutes(10);

    // There are only as many reasons as commands.
    private readonly ConcurrentDictionary<string, long> _toldAt = new(StringComparer.Ordinal);

    /// <summary>True if the fault is to be told now.</summary>
    public bool IsNews(RedisFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        var now = time.GetTimestamp();
        var interval = fault.IsOutage ? OutageInterval : RefusalInterval;
        return _toldAt.TryGetValue(fault.Reason, out var told)
            ? time.GetElapsedTime(told, now) >= interval && _toldAt.TryUpdate(fault.Reason, now, told)
            : _toldAt.TryAdd(fault.Reason, now);
    }
}
