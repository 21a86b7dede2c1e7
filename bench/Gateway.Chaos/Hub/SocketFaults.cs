using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gateway.Chaos.Parts;
using Gateway.Chaos.Soak;
using Gateway.Protocol;
using Gateway.Protocol.NotifyV2;
using Google.Protobuf;

namespace Gateway.Chaos.Hub;

/// <summary>Clients that drop while they join, and all of them coming back at once.</summary>
internal sealed class SocketFaults(HubBench bench, HubRig rig, RedisStore redis)
{
    /// <summary>Users who are never let in for long.</summary>
    private const int Droppers = 100;

    private const int DropsAtOnce = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private static readonly HubScale Crowd = new(Groups: 100, Users: 50, Singles: 0, [HubDevice.Extended, HubDevice.Plain], EventsPerSecond: 500);

    /// <summary>Plain and extended, they go after the TCP connection, after the upgrade, after their first message.</summary>
    public Task DropAsync(int times) => bench.BreakAsync($"{times} clients that drop while they join", rig, _ => Task.FromResult(HubConcern.Nobody), async load =>
    {
        await rig.LogInAsync(load.Sessions + Droppers);
        // Half of them first: memory grows by what is used for the first time.
        await DropAsync(times / 2, load.Sessions);
        var before = Memory();
        await DropAsync(times / 2, load.Sessions);
        await Eventually.TrueAsync(
            async () => await redis.SeatsAsync() == load.Sockets && await redis.DeparturesAsync() == 0 && await redis.LastingUsersAsync() == load.Sockets / 3
                && await rig.SocketsAsync() == load.Sockets,
            "nobody is left of those who have dropped", pause: Look);
        var after = Memory();
        var text = $"nobody left; memory of the gateways {before:0} to {after:0} MiB";
        return after - before < Math.Max(32, before / 10) ? new HubSight(text) : new HubSight(text, $"memory: {text}");
    });

    public Task StormAsync() => bench.BreakAsync($"{Crowd.Groups * Crowd.Users * Crowd.Devices.Count} sockets broken at once", rig, _ => Task.FromResult(HubConcern.Everybody), async load =>
    {
        var begin = Stopwatch.GetTimestamp();
        foreach (var client in load.Followers)
        {
            client.Break();
        }

        foreach (var listener in load.Listeners)
        {
            listener.Break();
        }

        await Eventually.TrueAsync(async () => await rig.SocketsAsync() == load.Sockets && await redis.SeatsAsync() == load.Sockets, "all are back", Patience, Look);
        return new HubSight($"all back after {Stopwatch.GetElapsedTime(begin).TotalSeconds:0.0} s");
    }, Crowd);

    private Task DropAsync(int times, int firstUser) => Parallel.ForEachAsync(
        Enumerable.Range(0, times), new ParallelOptions { MaxDegreeOfParallelism = DropsAtOnce }, async (i, _) => await DropOneAsync(i, $"s{firstUser + (i % Droppers)}"));

    private async Task DropOneAsync(int turn, string session)
    {
        var (address, isExtended) = (rig.Nodes[turn % rig.Nodes.Count].WebSocket, turn / 2 % 2 == 0);
        if (turn / 4 % 3 == 0)
        {
            using var connection = new TcpClient();
            await connection.ConnectAsync(IPAddress.Loopback, address.Port);
            return;
        }

        using var socket = await HubSocket.OpenAsync(address, isExtended);
        if (turn / 4 % 3 == 1)
        {
            await socket.SendAsync(isExtended ? new ClientFrame { Hello = new Hello { SessionId = session } } : (IMessage)new ClientAuthenticationReq { RequestId = "r", SessionId = session });
        }
    }

    private double Memory() => rig.Nodes.Sum(node => Sample.Of(node.Process.Id).Memory);
}
