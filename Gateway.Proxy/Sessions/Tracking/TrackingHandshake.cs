using System.Globalization;
using Gateway.Notify.Delivery.Redis;
using StackExchange.Redis;

namespace Gateway.Proxy.Sessions.Tracking;

/// <summary>Logs in on a fresh connection, and has Redis remember which keys are read on it.</summary>
internal static class TrackingHandshake
{
    /// <summary>As operators see it in CLIENT LIST.</summary>
    private const string ClientName = "gateway-sessions";

    /// <exception cref="TrackingRefusedException">This Redis, or this user, cannot do that.</exception>
    public static async Task PerformAsync(TrackingConnection connection, ConfigurationOptions options, SessionKeys keys, CancellationToken cancellationToken)
    {
        var hello = await AskAsync(connection, [.. Hello(options)], cancellationToken);
        if (hello.Find("mode") == "cluster")
        {
            throw new TrackingRefusedException("it is a cluster");
        }

        EnsurePrimary(hello);
        await AskAsync(connection, ["SELECT", (options.DefaultDatabase ?? 0).ToString(CultureInfo.InvariantCulture)], cancellationToken);
        await AskAsync(connection, ["CLIENT", "TRACKING", "ON"], cancellationToken);
        // Whether these are allowed is told now, and not at every session. No session has this key: an id is never empty.
        await AskAsync(connection, ["GET", keys.KeyOf("")], cancellationToken);
        await AskAsync(connection, ["PTTL", keys.KeyOf("")], cancellationToken);
    }

    /// <summary>Every answer to HELLO says the server's role, so a primary that has been replaced is noticed.</summary>
    public static void EnsurePrimary(RespValue hello)
    {
        if (hello.Find("role") != "master")
        {
            throw new IOException("Redis is not the primary.");
        }
    }

    private static IEnumerable<string> Hello(ConfigurationOptions options)
    {
        string[] login = string.IsNullOrEmpty(options.Password) ? [] : ["AUTH", string.IsNullOrEmpty(options.User) ? "default" : options.User, options.Password];
        return ["HELLO", "3", .. login, "SETNAME", ClientName];
    }

    private static async Task<RespValue> AskAsync(TrackingConnection connection, string[] command, CancellationToken cancellationToken)
    {
        connection.Add(command);
        await connection.SendAsync(cancellationToken);
        RespValue answer;
        do
        {
            answer = await connection.ReadAsync(cancellationToken);
        }
        while (answer.Kind == RespKind.Push);

        if (answer.Kind != RespKind.Error)
        {
            return answer;
        }

        // A key that is somebody else's, or not of the right type, is no reason: the command was allowed.
        return RedisFault.OfAnswer(answer.Text).Kind == RedisFaultKind.NameRefused
            ? answer
            : throw new TrackingRefusedException($"{command[0]}{(command[0] == "CLIENT" ? " TRACKING" : "")}: {answer.Text.Split(' ')[0]}");
    }
}
