using System.Net;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Functional;

/// <summary>A gateway in a process of its own that gets SIGTERM while clients call it, as a rolling update does.</summary>
[TestFixture]
[NonParallelizable]
[Servers]
[Category("Program")]
internal sealed class ShutdownTests
{
    private const string Path = "/service/user/get_user_info";
    private const string SlowPath = "/service/user/set_nickname";
    private const int Callers = 4;
    private const int Sockets = 20;
    private const int CallsBefore = 100;

    /// <summary>Calls a load balancer still sends after the gateway has said that it is not ready.</summary>
    private const int CallsAfter = 40;

    private int _answered;

    [Test]
    public async Task Sigterm_UnderLoadWithOpenSockets_FailsNoCall_AndEndsWithZero()
    {
        var slow = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var slowCameIn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var redis = await RedisProcess.CreateAsync();
        await using (var connection = await redis.ConnectAsync())
        {
            await connection.GetDatabase().StringSetAsync("s-alice", "alice");
        }

        await using var service = await StubSubService.StartAsync();
        service.OnCall = async (context, call) =>
        {
            if (call.Path.EndsWith("/SetUserNickname", StringComparison.Ordinal))
            {
                slowCameIn.SetResult();
                await slow.Task;
            }

            await StubSubService.AnswerAsync(context, new GetUserInfoRsp { RequestId = "r1", Success = true }.ToByteArray());
        };
        using var gateway = await GatewayProcess.StartAsync(new()
        {
            // The first look-ups and joins of a process that has just started may take longer than usual, and none may fail here.
            ["Gateway:Redis:Configuration"] = $"{redis.Configuration},asyncTimeout=10000",
            ["Gateway:Sessions:LookupTimeout"] = "00:00:05",
            ["Gateway:Notify:RedisTimeout"] = "00:00:10",
            // Time for the calls that still come, on a machine that is busy with something else; and the slow call outlasts it.
            ["Gateway:Management:DrainDelay"] = "00:00:05",
            ["Gateway:Rpc:DefaultTimeout"] = "00:01:00",
            ["ReverseProxy:Clusters:user:Destinations:etcd:Address"] = service.Address,
        });
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = gateway.Http };
        await Eventually.That(() => IsReadyAsync(client, gateway), "the gateway is ready");
        var sockets = await Task.WhenAll(Enumerable.Range(0, Sockets).Select(_ => NotifyClient.JoinAsync(gateway.WebSocket, "s-alice")));

        using var unready = new CancellationTokenSource();
        var calls = Enumerable.Range(0, Callers).Select(caller => CallUntilAsync(gateway, isNewEachTime: caller % 2 == 0, unready.Token)).ToArray();
        var late = CallAsync(client, SlowPath, new SetUserNicknameReq { RequestId = "r1", SessionId = "s-alice" });
        await slowCameIn.Task.DefaultTimeout();
        await Eventually.That(() => Volatile.Read(ref _answered) >= CallsBefore, "there is load");
        var exit = gateway.StopAsync();
        await Eventually.That(async () => !await IsReadyAsync(client, gateway), "the load balancer could see it");
        var answered = Volatile.Read(ref _answered);
        await Eventually.That(() => Volatile.Read(ref _answered) >= answered + CallsAfter, "the gateway still serves");
        await unready.CancelAsync();
        var outcomes = (await Task.WhenAll(calls).DefaultTimeout()).SelectMany(outcome => outcome).ToList();
        var closed = await Task.WhenAll(sockets.Select(socket => socket.ReceiveCloseAsync()));
        slow.SetResult();

        Assert.That(outcomes, Has.Count.GreaterThan(CallsBefore + CallsAfter).And.All.Empty, "Every call was answered");
        Assert.That(closed.Select(close => close.Code), Is.All.EqualTo(1001));
        Assert.That(await late.DefaultTimeout(), Is.Empty, "A call under way is answered after the ports are closed");
        Assert.That(await exit, Is.Zero, gateway.Output);
        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }
    }

    /// <summary>Calls one after the other until told that the gateway is not ready, as behind a load balancer.</summary>
    private async Task<List<string>> CallUntilAsync(GatewayProcess gateway, bool isNewEachTime, CancellationToken unready)
    {
        List<string> outcomes = [];
        using var handler = new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = isNewEachTime ? TimeSpan.Zero : Timeout.InfiniteTimeSpan };
        using var client = new HttpClient(handler) { BaseAddress = gateway.Http };
        while (!unready.IsCancellationRequested)
        {
            outcomes.Add(await CallAsync(client, Path, new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }));
            Interlocked.Increment(ref _answered);
        }

        return outcomes;
    }

    /// <summary>Empty when the call succeeded, else how it failed.</summary>
    private static async Task<string> CallAsync(HttpClient client, string path, IMessage request)
    {
        try
        {
            using var content = new ByteArrayContent(request.ToByteArray());
            using var response = await client.PostAsync(path, content);
            return response.StatusCode == HttpStatusCode.OK ? GatewayFixture.ErrorCode(response) : $"{response.StatusCode}";
        }
        catch (HttpRequestException exception)
        {
            return exception.Message;
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, GatewayProcess gateway)
    {
        using var response = await client.GetAsync(new Uri(gateway.Management, "/readyz"));
        return response.IsSuccessStatusCode;
    }
}
