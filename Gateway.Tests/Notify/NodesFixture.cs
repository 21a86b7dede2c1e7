using Gateway.Notify.Delivery;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Transforms.Events;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using StackExchange.Redis;

namespace Gateway.Tests.Notify;

/// <summary>Several gateways on one real Redis, in which the test plays the user service.</summary>
internal sealed class NodesFixture : IAsyncDisposable
{
    /// <summary>As many as there are by default.</summary>
    public const int Buckets = 8;

    private readonly List<GatewayFixture> _nodes = [];
    private readonly string _configuration;

    private NodesFixture(RedisProcess redis, ConnectionMultiplexer connection, string configuration)
    {
        _configuration = configuration;
        Redis = redis;
        Connection = connection;
    }

    public RedisProcess Redis { get; }

    public ConnectionMultiplexer Connection { get; }

    public IDatabase Database => Connection.GetDatabase();

    public IReadOnlyList<GatewayFixture> Nodes => _nodes;

    /// <param name="nodes">How many.</param>
    /// <param name="settings">Of each node.</param>
    /// <param name="redisOptions">What their configuration of Redis has beside the address, <c>,name=value</c>.</param>
    public static async Task<NodesFixture> StartAsync(int nodes, Dictionary<string, string?>? settings = null, string redisOptions = "")
    {
        var redis = await RedisProcess.CreateAsync();
        return await StartAsync(redis, redis.Configuration + redisOptions, nodes, settings);
    }

    /// <param name="redis">Goes with the nodes.</param>
    /// <param name="configuration">How they reach it.</param>
    /// <param name="nodes">How many.</param>
    /// <param name="settings">Of each node.</param>
    public static async Task<NodesFixture> StartAsync(RedisProcess redis, string configuration, int nodes, Dictionary<string, string?>? settings = null)
    {
        var fixture = new NodesFixture(redis, await redis.ConnectAsync(), configuration);
        foreach (var user in new[] { "alice", "bob", "carol" })
        {
            await fixture.LogInAsync($"s-{user}", user);
        }

        for (var i = 0; i < nodes; i++)
        {
            await fixture.AddNodeAsync(settings);
        }

        return fixture;
    }

    /// <param name="settings">Of the node.</param>
    /// <param name="configuration">How it reaches Redis, if not as the others do.</param>
    /// <param name="clock">Its clock, if not that of the others.</param>
    public async Task<GatewayFixture> AddNodeAsync(Dictionary<string, string?>? settings = null, string? configuration = null, TimeProvider? clock = null)
    {
        var all = new Dictionary<string, string?>(settings ?? [])
        {
            ["Gateway:Sessions:Store"] = "Redis",
            ["Gateway:Redis:Configuration"] = configuration ?? _configuration,
        };
        var node = await GatewayFixture.StartAsync(
            "http://127.0.0.1:1",
            all,
            builder =>
            {
                builder.Services.RemoveAll<IEventPublisher>();
                builder.Services.AddSingleton(clock ?? TimeProvider.System);
            });
        _nodes.Add(node);
        await Eventually.That(() => !HubOf(node).IsDegraded, "the node has not found Redis");
        return node;
    }

    /// <summary>How many members a sorted set of the hub has, in all buckets together.</summary>
    public async Task<long> CountAsync(string key) =>
        (await Task.WhenAll(Enumerable.Range(0, Buckets).Select(bucket => Database.SortedSetLengthAsync(Key(bucket, key))))).Sum();

    public static string Key(int bucket, string key) => $"gateway:notify:0:{{{bucket}}}:{key}";

    /// <summary>In which bucket a user is who has a socket.</summary>
    public async Task<int> BucketOfAsync(string user)
    {
        for (var bucket = 0; ; bucket++)
        {
            if (await Database.KeyExistsAsync(Key(bucket, $"user:{user}")))
            {
                return bucket;
            }
        }
    }

    /// <summary>Stops a node as an orchestrator does; the numbers of the others stay.</summary>
    public async Task StopNodeAsync(int node) => await _nodes[node].DisposeAsync();

    public async Task LogInAsync(string session, string user)
    {
        await Database.StringSetAsync(session, user);
        await Database.StringSetAsync(user, "");
    }

    public static NotifyHub HubOf(GatewayFixture node) => node.Services.GetRequiredService<NotifyHub>();

    public NotifyHub Hub(int node) => HubOf(_nodes[node]);

    public Uri Address(int node) => HubFixture.WebSocketUri(_nodes[node].Urls[1], "/ws");

    public async Task<NotifyClient> JoinAsync(int node, string user, string? session = null)
    {
        var before = (await SocketsOfAsync(user)).Count;
        var client = await NotifyClient.JoinAsync(Address(node), session ?? $"s-{user}");
        await Eventually.That(async () => (await SocketsOfAsync(user)).Count > before, $"'{user}' has not been let in");
        return client;
    }

    public Task<ExtendedClient> JoinExtendedAsync(int node, string user, ExtendedClient? before = null) =>
        ExtendedClient.JoinAsync(Address(node), $"s-{user}", before);

    public Task PublishAsync(int node, IReadOnlyList<string> recipients, NotifyMessage message) =>
        Hub(node).PublishAsync(recipients, message, CancellationToken.None).DefaultTimeout();

    /// <summary>As the first node sees it.</summary>
    public Task<IReadOnlyList<SocketInfo>> SocketsOfAsync(string user) => Hub(0).FindSocketsAsync(user, CancellationToken.None).DefaultTimeout();

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        await Connection.DisposeAsync();
        await Redis.DisposeAsync();
    }
}
