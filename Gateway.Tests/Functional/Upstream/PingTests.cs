using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Upstream;

/// <summary>When the gateway pings sub-services: a server of gRPC's C core ends the connections of those that do so without need.</summary>
[TestFixture]
internal sealed class PingTests
{
    private const string Path = "/service/user/set_nickname";

    private static readonly byte[] Alice = new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }.ToByteArray();

    private static readonly Dictionary<string, string?> EverySecond = new()
    {
        ["ReverseProxy:Clusters:user:Metadata:PingIntervalSeconds"] = "1",
        ["ReverseProxy:Clusters:user:LoadBalancingPolicy"] = "RoundRobin",
        ["ReverseProxy:Routes:user-set-nickname:Timeout"] = "00:10:00",
    };

    [Test]
    public async Task Ping_GoesToConnectionsWithCallsUnderWayAlone()
    {
        const int Enough = 3;
        var busyPings = 0;
        var idlePings = 0;
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var busy = new FrameSubService { AnswersSideBySide = true };
        await using var idle = new FrameSubService();
        busy.OnConnected = connection => WatchPingsAsync(connection, () =>
        {
            if (Interlocked.Increment(ref busyPings) == Enough)
            {
                enough.SetResult();
            }
        });
        idle.OnConnected = connection => WatchPingsAsync(connection, () => Interlocked.Increment(ref idlePings));
        await using var gateway = await StartAsync(busy, idle);
        await Task.WhenAll(CodeAsync(gateway), CodeAsync(gateway));
        Assert.That((busy.Requests, idle.Requests), Is.EqualTo((1, 1)));
        busy.OnRequest = async (connection, stream) =>
        {
            await enough.Task;
            await connection.AnswerAsync(stream, []);
        };

        // One of the two waits for the pings.
        var codes = await Task.WhenAll(CodeAsync(gateway), CodeAsync(gateway));

        Assert.That(codes, Has.All.Empty);
        Assert.That(Volatile.Read(ref busyPings), Is.GreaterThanOrEqualTo(Enough));
        Assert.That(Volatile.Read(ref idlePings), Is.Zero);
    }

    [Test]
    public async Task Ping_IsNotAnswered_EndsTheConnectionBeforeTheDeadline()
    {
        await using var dead = new FrameSubService
        {
            OnConnected = connection =>
            {
                connection.AnswersPings = false;
                return connection.SettingsAsync();
            },
            OnRequest = (_, _) => Task.CompletedTask,
        };
        await using var gateway = await GatewayFixture.StartAsync(dead.Address, new(EverySecond) { ["ReverseProxy:Clusters:user:Metadata:PingTimeoutSeconds"] = "1" });
        gateway.Sessions.Set("s-alice", "alice");

        Assert.That(await CodeAsync(gateway), Is.EqualTo("sub-service-failed"));

        await Eventually.That(() => dead.OpenConnections == 0);
    }

    private static Task WatchPingsAsync(FrameConnection connection, Action onPing)
    {
        connection.OnFrame = frame =>
        {
            // The handler also measures round trips, with pings of negative numbers right behind what it has received. Servers allow those.
            if (frame.Type == Http2FrameType.Ping && (frame.Flags & Http2Bytes.Ack) == 0 && frame.Payload[0] < 0x80)
            {
                onPing();
            }
        };
        return connection.SettingsAsync();
    }

    private static async Task<GatewayFixture> StartAsync(FrameSubService first, FrameSubService second)
    {
        var gateway = await GatewayFixture.StartAsync(first.Address, new(EverySecond) { ["ReverseProxy:Clusters:user:Destinations:second:Address"] = second.Address });
        gateway.Sessions.Set("s-alice", "alice");
        return gateway;
    }

    private static async Task<string> CodeAsync(GatewayFixture gateway)
    {
        using var response = await gateway.PostAsync(Path, Alice).DefaultTimeout();
        return GatewayFixture.ErrorCode(response);
    }
}
