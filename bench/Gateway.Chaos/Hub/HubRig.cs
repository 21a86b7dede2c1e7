using System.Globalization;
using Gateway.Chaos.Load;
using Gateway.Chaos.Parts;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Chaos.Hub;

/// <summary>Gateways that share a Redis, and an instance that makes events.</summary>
internal sealed class HubRig : IDisposable
{
    private const string MessagePath = "/service/message_transmit/new_message";

    private static readonly string[] Clusters = ["user", "friend", "message-transmit", "message-storage", "file", "speech"];

    private readonly Instance _instance;
    private readonly Caller[] _callers;

    /// <param name="folder">For what they all write.</param>
    /// <param name="redis">Where the gateways find Redis.</param>
    /// <param name="nodes">How many.</param>
    /// <param name="logInAsync">Logs so many users in.</param>
    public HubRig(string folder, string redis, int nodes, Func<int, Task> logInAsync)
    {
        LogInAsync = logInAsync;
        _instance = new Instance(folder);
        Nodes =
        [
            .. Enumerable.Range(0, nodes).Select(_ => new GatewayNode(
                folder, redis,
                [
                    .. Clusters.Select(cluster => $"--ReverseProxy:Clusters:{cluster}:Destinations:etcd:Address=http://{_instance.Address}"),
                    // Calls go on while Redis is away; otherwise there were no events then.
                    "--Gateway:Sessions:CacheTtl=00:00:30",
                    // A busy machine must not make a call late that has nothing to do with what is broken: that would be a fault of its own.
                    "--Gateway:Notify:RedisTimeout=00:00:01.5",
                    "--Gateway:Notify:HeartbeatInterval=00:00:05", "--Gateway:Notify:LastDisconnectGrace=00:00:02",
                    "--Gateway:Notify:MaxConnectionsPerAddress=100000",
                ])),
        ];
        _callers = [.. Nodes.Select(node => new Caller(node.Http))];
    }

    public IReadOnlyList<GatewayNode> Nodes { get; }

    /// <summary>A gateway that runs.</summary>
    public int Alive => Nodes.Index().First(node => node.Item.Process.IsRunning).Index;

    private IEnumerable<GatewayNode> Running => Nodes.Where(node => node.Process.IsRunning);

    public Func<int, Task> LogInAsync { get; }

    public async Task StartAsync()
    {
        await _instance.StartAsync();
        await Task.WhenAll(Nodes.Select(node => node.StartAsync()));
        await AreConnectedAsync();
    }

    /// <summary>Waits until the hub of each gateway that runs has all of Redis.</summary>
    public Task AreConnectedAsync() => Task.WhenAll(Running.Select(node => Eventually.TrueAsync(
        node.IsHubConnectedAsync, $"the hub at {node.Http} is connected")));

    /// <summary>How many sockets are open at the gateways that run.</summary>
    public async Task<int> SocketsAsync() => (await Task.WhenAll(Running.Select(node => node.SocketsAsync()))).Sum();

    /// <summary>Sends a message, as a client does. Returns when the instance kept it; null when nobody knows whether the recipients are told.</summary>
    /// <param name="node">Through which gateway.</param>
    /// <param name="session">Of the sender.</param>
    /// <param name="recipients">Whom to tell.</param>
    /// <param name="name">What the event is called.</param>
    public async Task<long?> SendMessageAsync(int node, string session, IReadOnlyList<string> recipients, string name)
    {
        var request = new NewMessageReq
        {
            RequestId = name,
            SessionId = session,
            ChatSessionId = string.Join(',', recipients),
            Message = new MessageContent { StringMessage = new StringMessageInfo { Content = name } },
        };
        try
        {
            var (answer, _) = await _callers[node].CallAsync(MessagePath, request.ToByteArray(), NewMessageRsp.Parser);
            return answer.Success ? long.Parse(answer.Errmsg, CultureInfo.InvariantCulture) : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        foreach (var node in Nodes)
        {
            node.Dispose();
        }

        foreach (var caller in _callers)
        {
            caller.Dispose();
        }

        _instance.Dispose();
    }
}
