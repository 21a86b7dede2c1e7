using System.Diagnostics;
using Gateway.Bench.Load;
using StackExchange.Redis;

namespace Gateway.Bench.Servers;

/// <summary>Gateways that share a Redis which nobody else uses. The only place here that knows how the hub keeps its seats and beats in Redis.</summary>
internal sealed class HubRig : IDisposable
{
    /// <summary>A setting for whoever compares with idle nodes: sessions are looked up again in waves, those of sockets that came together.</summary>
    public const string NoSessionChecks = "--Gateway:Notify:SessionCheckInterval=01:00:00";

    /// <summary>Calls are how events begin, not what is measured: on a busy machine none is to fail because of its session.</summary>
    private const string PatientLookups = "--Gateway:Sessions:LookupTimeout=00:00:02";

    private const int WarmUps = 6;
    private const int WarmUpSockets = 30;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Lab _lab;

    private HubRig(Lab lab, RedisServer redis, IReadOnlyList<Candidate> nodes) => (_lab, Redis, Nodes) = (lab, redis, nodes);

    public RedisServer Redis { get; }

    public IReadOnlyList<Candidate> Nodes { get; }

    /// <summary>CPU time of all gateways so far, in microseconds.</summary>
    public double Cpu => Nodes.Sum(node => node.Process.CpuMicroseconds);

    /// <summary>What Redis does in a while in which nobody calls.</summary>
    public async Task<RedisWork> IdleAsync(TimeSpan time)
    {
        var before = await Redis.MeasureAsync();
        await Task.Delay(time);
        return await Redis.MeasureAsync() - before;
    }

    public static async Task<HubRig> StartAsync(Lab lab, HttpClient client, int nodes, params string[] settings)
    {
        var redis = await RedisServer.StartAsync(lab);
        var started = await Task.WhenAll(Enumerable.Range(0, nodes).Select(_ => lab.StartNodeAsync(redis, [PatientLookups, .. settings])));
        var rig = new HubRig(lab, redis, started);
        foreach (var node in started)
        {
            await node.IsReadyAsync(client);
        }

        await rig.WarmUpAsync(client);
        return rig;
    }

    /// <summary>Seats that Redis knows of.</summary>
    public async Task<long> SeatsAsync() => await SeatsAsync(await SeatKeysAsync());

    public async Task<long> SeatsAsync(IReadOnlyList<RedisKey> keys) => (await Task.WhenAll(keys.Select(key => Redis.Database.HashLengthAsync(key)))).Sum();

    public Task<RedisKey[]> SeatKeysAsync() => Redis.FindKeysAsync("gateway:notify:*:node:*");

    /// <summary>When each node last said that it lives, bucket by bucket, in milliseconds of Unix time.</summary>
    public async Task<IReadOnlyList<double>> BeatsAsync(IReadOnlyList<RedisKey> keys) =>
        [.. (await Task.WhenAll(keys.Select(key => Redis.Database.SortedSetRangeByRankWithScoresAsync(key)))).SelectMany(nodes => nodes).Select(node => node.Score)];

    public Task<RedisKey[]> BeatKeysAsync() => Redis.FindKeysAsync("gateway:notify:*:nodes");

    /// <summary>Waits until Redis knows of a seat for each of an audience, or of none.</summary>
    public async Task HasSeatsAsync(Audience? audience)
    {
        var (began, count) = (Stopwatch.GetTimestamp(), audience?.Sockets.Count ?? 0);
        while (await SeatsAsync() is var seats && seats != count)
        {
            if (audience is not null)
            {
                await audience.EnsureWholeAsync();
            }

            if (Stopwatch.GetElapsedTime(began) > Limit)
            {
                throw new InvalidOperationException($"Redis knows of {seats} seats instead of {count}.");
            }

            await Task.Delay(20);
        }

        audience?.Complete();
    }

    public void Dispose()
    {
        foreach (var node in Nodes)
        {
            _lab.Stop(node);
        }

        Redis.Dispose();
    }

    /// <summary>A gateway compiles what its first sockets and events need, which on a busy machine takes it longer than Redis may take.</summary>
    private async Task WarmUpAsync(HttpClient client)
    {
        for (var turn = 0; turn < WarmUps; turn++)
        {
            try
            {
                using var audience = await Audience.JoinAsync(Nodes, WarmUpSockets, _ => true);
                audience.Listen();
                audience.Complete();
                foreach (var node in Nodes)
                {
                    await new Sender(client, node, audience).EachAsync(WarmUpSockets);
                }
            }
            catch (InvalidOperationException) when (turn < WarmUps / 2)
            {
                // A socket was not let in in time.
            }
        }

        await HasSeatsAsync(null);
    }
}
