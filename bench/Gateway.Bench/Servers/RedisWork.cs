using System.Globalization;

namespace Gateway.Bench.Servers;

/// <summary>What Redis says of itself in INFO, at a time or between two times.</summary>
/// <param name="At">When, or how long it took, in seconds.</param>
/// <param name="Cpu">CPU time of all of Redis, network and all, in microseconds.</param>
/// <param name="Sent">Bytes to all its clients.</param>
/// <param name="Memory">Bytes it has in use.</param>
/// <param name="Commands">How often each command ran and how long that took, in microseconds. Those inside scripts count, too.</param>
internal sealed record RedisWork(double At, double Cpu, double Sent, double Memory, IReadOnlyDictionary<string, (double Calls, double Microseconds)> Commands)
{
    public const string CommandPrefix = "cmdstat_";

    private const string Script = "evalsha";

    /// <summary>What gateways send; other commands are parts of scripts. The bench itself sends none of these while it measures.</summary>
    private static readonly string[] FromGateways = [Script, "eval", "get", "mget", "set", "ping", "subscribe", "unsubscribe"];

    /// <summary>Time in scripts, in microseconds.</summary>
    public double Scripts => Of(Script).Microseconds;

    public double ScriptCalls => Of(Script).Calls;

    /// <summary>Commands that gateways sent.</summary>
    public double RoundTrips => FromGateways.Sum(name => Of(name).Calls);

    public static (double Calls, double Microseconds) Parse(string text)
    {
        var figures = text.Split(',').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        return (double.Parse(figures["calls"], CultureInfo.InvariantCulture), double.Parse(figures["usec"], CultureInfo.InvariantCulture));
    }

    public static RedisWork operator -(RedisWork after, RedisWork before) => after.Less(before, 1);

    /// <summary>Without what happens in the same time anyway.</summary>
    public RedisWork Without(RedisWork idle) => Less(idle, At / idle.At) with { At = At, Memory = Memory };

    private RedisWork Less(RedisWork other, double times) => new(
        At - (other.At * times),
        Cpu - (other.Cpu * times),
        Sent - (other.Sent * times),
        Memory - (other.Memory * times),
        Commands.ToDictionary(pair => pair.Key, pair => (pair.Value.Calls - (other.Of(pair.Key).Calls * times), pair.Value.Microseconds - (other.Of(pair.Key).Microseconds * times))));

    private (double Calls, double Microseconds) Of(string name) => Commands.TryGetValue(name, out var value) ? value : default;
}
