using Gateway.Bench.Load;
using Gateway.Bench.Scenarios.Hub;
using Gateway.Bench.Servers;

namespace Gateway.Bench.Scenarios;

/// <summary>The scenarios by name, and the servers each needs.</summary>
internal sealed class Suite : IDisposable
{
    private const int UsualConnections = 64;

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(1) };
    private readonly Report _report = new(Console.Out);
    private readonly Lab _lab;
    private readonly Plan _plan;
    private readonly Dictionary<string, Candidate> _candidates = [];
    private readonly (string Name, Func<Task> Run)[] _scenarios;
    private double? _memoryRate;

    /// <param name="hub">Whether it is about the hub on Redis alone, at length, or about everything, with a little of the hub.</param>
    public Suite(string gateway, string native, Plan plan, bool hub)
    {
        _lab = new Lab(gateway, native);
        _plan = plan;
        IEnumerable<(string Name, Func<Task> Run)> ofAll =
        [
            ("small", SmallAsync),
            ("latency", LatencyAsync),
            ("connections", ConnectionsAsync),
            ("message", MessageAsync),
            ("sessions", SessionsAsync),
            ("notifying", NotifyingAsync),
            ("files", FilesAsync),
            ("sockets", SocketsAsync),
            ("registry", () => new Registry(_lab, _client, _report, _plan).RunAsync()),
            ("start", () => new ColdStart(_lab, _client, _report, _plan).RunAsync()),
        ];
        var ofHub = new HubSuite(_lab, _client, _report, hub && plan == Plan.Full ? HubPlan.Full : HubPlan.Short).Scenarios;
        _scenarios = hub ? [.. ofHub] : [.. ofAll, .. ofHub];
    }

    public IEnumerable<string> ScenarioNames => _scenarios.Select(scenario => scenario.Name);

    /// <summary>Runs the named scenarios, or all, in the order of the list.</summary>
    public async Task RunAsync(IReadOnlyCollection<string> names)
    {
        await CandidateAsync(Names.Direct);
        foreach (var (_, run) in _scenarios.Where(scenario => names.Count == 0 || names.Contains(scenario.Name)))
        {
            await run();
        }

        _report.PrintMetrics();
    }

    public void Dispose()
    {
        _lab.Dispose();
        _client.Dispose();
    }

    private async Task SmallAsync()
    {
        var results = await ThroughputAsync("A small call, 64 connections", Calls.UserInfo, UsualConnections, Names.Nginx, Names.YarpHttp1, Names.YarpHttp2, Names.Memory, Names.Redis, Names.RedisNative);
        var (nginx, yarp, memory, redis) = (results[Names.Nginx], results[Names.YarpHttp2], results[Names.Memory], results[Names.Redis]);
        _memoryRate = memory.Load.Rate;
        _report.Metric("rps_ratio_nginx_memory", memory.Load.Rate / nginx.Load.Rate);
        _report.Metric("rps_ratio_nginx_redis", redis.Load.Rate / nginx.Load.Rate);
        _report.Metric("rps_ratio_yarp_h2c", memory.Load.Rate / yarp.Load.Rate);
        _report.Metric("cpu_ratio_nginx_memory", memory.Cpu / nginx.Cpu);
        _report.Metric("cpu_ratio_nginx_redis", redis.Cpu / nginx.Cpu);
        _report.Metric("cpu_ratio_native_redis", results[Names.RedisNative].Cpu / redis.Cpu);
        _report.Metric("alloc_bytes", memory.Allocated!.Value);
        _report.Metric("alloc_bytes_redis", redis.Allocated!.Value);
    }

    private async Task LatencyAsync()
    {
        var (direct, gateway) = (await CandidateAsync(Names.Direct), await CandidateAsync(Names.Memory));
        _memoryRate ??= (await Wrk.RunAsync(gateway, Calls.UserInfo, _lab.Folder, UsualConnections, Plan.WarmUp, await Calls.UserInfo.AnswerSizeAsync(gateway))).Rate;
        await new Latency(_lab, _client, _report, _plan).RunAsync(direct, gateway, _memoryRate.Value / 2);
    }

    private async Task ConnectionsAsync()
    {
        await ThroughputAsync("A small call, 16 connections", Calls.UserInfo, 16, Names.Nginx, Names.YarpHttp2, Names.Memory, Names.Redis);
        await ThroughputAsync("A small call, 512 connections", Calls.UserInfo, 512, Names.Nginx, Names.YarpHttp2, Names.Memory, Names.Redis);
    }

    private async Task MessageAsync() =>
        await ThroughputAsync("A message of 64 KiB to nobody, 64 connections", Calls.LargeMessage, UsualConnections, Names.Memory, Names.Redis);

    private async Task SessionsAsync()
    {
        var redis = await _lab.SharedRedisAsync();
        await redis.LogInAsync(People.Count, ManySessions.Most - People.Count);
        await new ManySessions(_lab, _client, _report, _plan).RunAsync(redis, [(await CandidateAsync(Names.Redis), "redis")]);
    }

    private async Task NotifyingAsync()
    {
        var gateway = await CandidateAsync(Names.Memory);
        var sockets = await Task.WhenAll(Enumerable.Range(0, 100).Select(person => Socket.JoinAsync(gateway, person)));
        foreach (var targets in new[] { 0, 1, 100 })
        {
            var received = Array.ConvertAll(sockets, _ => 0L);
            using var done = new CancellationTokenSource();
            var receiving = sockets.Select((socket, index) => CountAsync(socket, received, index, done.Token)).ToArray();
            var results = await ThroughputAsync($"A message to {targets} users with open sockets, 64 connections", Calls.MessageTo(targets), UsualConnections, Names.Memory);
            await done.CancelAsync();
            await Task.WhenAll(receiving);
            EnsureReceived(received, targets, results[Names.Memory].Load.Requests);
        }

        Array.ForEach(sockets, socket => socket.Dispose());
    }

    private async Task FilesAsync() => await new LargeFiles(_client, _report, _plan).RunAsync(
        [await CandidateAsync(Names.Nginx), await CandidateAsync(Names.YarpHttp1), await CandidateAsync(Names.Memory)]);

    /// <summary>In a gateway of its own: others have grown under load.</summary>
    private async Task SocketsAsync()
    {
        var gateway = await _lab.StartMemoryGatewayAsync();
        await new Sockets(_client, _report, _plan).RunAsync(gateway);
        _lab.Stop(gateway);
    }

    private async Task<Dictionary<string, Round>> ThroughputAsync(string title, Call call, int connections, params string[] names)
    {
        var candidates = new List<Candidate>();
        foreach (var name in names)
        {
            candidates.Add(await CandidateAsync(name));
        }

        return await new Throughput(_lab, _client, _report, _plan).RunAsync(title, call, connections, candidates);
    }

    private async Task<Candidate> CandidateAsync(string name)
    {
        if (!_candidates.TryGetValue(name, out var candidate))
        {
            candidate = _candidates[name] = name switch
            {
                Names.Direct => await _lab.StartSubServiceAsync(),
                Names.Nginx => await _lab.StartNginxAsync(),
                Names.YarpHttp1 => await _lab.StartYarpAsync(http2: false),
                Names.YarpHttp2 => await _lab.StartYarpAsync(http2: true),
                Names.Memory => await _lab.StartMemoryGatewayAsync(),
                Names.RedisNative => await _lab.StartNativeGatewayAsync(),
                Names.Redis => await _lab.StartRedisGatewayAsync(),
                _ => throw new ArgumentException($"Nobody is called '{name}'.", nameof(name)),
            };
        }

        return candidate;
    }

    private static async Task CountAsync(Socket socket, long[] received, int index, CancellationToken done)
    {
        try
        {
            while (true)
            {
                await socket.ReceiveAsync(done);
                received[index]++;
            }
        }
        catch (OperationCanceledException) when (done.IsCancellationRequested)
        {
            // What was asked for.
        }
    }

    /// <summary>At least one event for each call that was timed, on each socket: those of warming up and of checking come on top.</summary>
    private static void EnsureReceived(long[] received, int targets, long calls)
    {
        for (var person = 0; person < targets; person++)
        {
            if (received[person] < calls)
            {
                throw new InvalidOperationException($"The socket of user {person} got {received[person]} events of {calls} calls.");
            }
        }
    }
}
