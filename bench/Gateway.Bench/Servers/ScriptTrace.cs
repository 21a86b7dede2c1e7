using System.Security.Cryptography;
using System.Text;
using Gateway.Bench.Scenarios;
using Gateway.Notify;
using StackExchange.Redis;

namespace Gateway.Bench.Servers;

/// <summary>How long each script of the hub takes inside Redis, by its slow log. Writing that costs Redis time, so nothing else is measured meanwhile.</summary>
internal static class ScriptTrace
{
    private const int Most = 100_000;
    private const string Common = "bucket";
    private const string Extension = ".lua";

    private static readonly Dictionary<string, string> NamesByHash = Scripts().ToDictionary(script => script.Hash, script => script.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Names the scripts that ran meanwhile, with how often they did, and the median of how long each took in microseconds.</summary>
    public static async Task<IReadOnlyList<(string Script, int Calls, double Microseconds)>> OfAsync(IServer redis, Func<Task> work)
    {
        await redis.ConfigSetAsync("slowlog-max-len", Most);
        await redis.SlowlogResetAsync();
        await redis.ConfigSetAsync("slowlog-log-slower-than", 0);
        await work();
        await redis.ConfigSetAsync("slowlog-log-slower-than", -1);
        var commands = await redis.SlowlogGetAsync(Most);
        await redis.SlowlogResetAsync();
        return [.. commands
            .Where(command => string.Equals(command.Arguments[0], "evalsha", StringComparison.OrdinalIgnoreCase))
            .GroupBy(command => NamesByHash.GetValueOrDefault((string)command.Arguments[1]!, "another"), command => command.Duration.TotalMicroseconds)
            .Select(script => (script.Key, script.Count(), script.Median()))
            .OrderByDescending(script => script.Item2)];
    }

    /// <summary>Redis knows a script by its hash; what they share goes ahead of each.</summary>
    private static IEnumerable<(string Name, string Hash)> Scripts()
    {
        var assembly = typeof(NotifyOptions).Assembly;
        string Text(string name)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return reader.ReadToEnd();
        }

        return assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(Extension, StringComparison.Ordinal) && name != Common + Extension)
            .Select(name => (name[..^Extension.Length], Hash(Text(Common + Extension) + Text(name))));
    }

    // Redis names scripts by SHA-1; nothing is kept safe with it.
#pragma warning disable CA5350
    private static string Hash(string text) => Convert.ToHexString(SHA1.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5350
}
