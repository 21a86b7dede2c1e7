using System.Diagnostics;
using Gateway.Bench.Load;
using Gateway.Bench.Servers;
using Gateway.Protocol;
using static Gateway.Bench.Scenarios.Report;

namespace Gateway.Bench.Scenarios;

/// <summary>What open sockets cost, and how fast events reach them.</summary>
internal sealed class Sockets(HttpClient client, Report report, Plan plan)
{
    private const int Count = 9000;
    private const int Joining = 50;
    private const int EventsPerSecond = 1000;

    /// <summary>Idle means that nothing has happened for a while: the server's pools keep for some time what nobody uses any more.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(35);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public async Task RunAsync(Candidate gateway)
    {
        report.Title($"{Number(Count)} plain WebSockets");
        // What every gateway needs that has sockets at all is not counted.
        using (var first = await Socket.JoinAsync(gateway, Count))
        {
            await Calls.MessageTo(1).SendAsync(client, gateway);
        }

        await Task.Delay(Settle);
        var before = gateway.Process.Resident;
        var sockets = await JoinAsync(gateway);
        try
        {
            await FanOutAsync(gateway, sockets);
            await Task.Delay(Settle);
            var kib = (gateway.Process.Resident - before) / 1024.0 / Count;
            report.Note($"Resident memory per socket: {Number(kib, "0.0")} KiB");
            report.Metric("socket_kib", kib);
            await IdleAsync(gateway);

            var times = new List<(double First, double Last)>();
            var cpu = gateway.Process.CpuMicroseconds;
            for (var round = 0; round < plan.Rounds + 2; round++)
            {
                times.Add(await FanOutAsync(gateway, sockets));
            }

            cpu = (gateway.Process.CpuMicroseconds - cpu) / times.Count / 1000;
            report.Note($"One message to all: first byte after {Number(times.Select(time => time.First).Median(), "0.0")} ms, last after {Number(times.Select(time => time.Last).Median(), "0.0")} ms, {Number(cpu, "0")} ms of the gateway's CPU");
            report.Metric("fanout_cpu_ms", cpu);
            report.Metric("fanout_ms", times.Select(time => time.Last - time.First).Median());
            await SpreadAsync(gateway, sockets);
        }
        finally
        {
            Array.ForEach(sockets, socket => socket.Dispose());
        }
    }

    private static async Task<Socket[]> JoinAsync(Candidate gateway)
    {
        var sockets = new List<Socket>();
        foreach (var people in Enumerable.Range(0, Count).Chunk(Joining))
        {
            sockets.AddRange(await Task.WhenAll(people.Select(person => Socket.JoinAsync(gateway, person))));
        }

        return [.. sockets];
    }

    /// <summary>One message to all: when, in milliseconds after the call began, the first and the last socket had it.</summary>
    private async Task<(double First, double Last)> FanOutAsync(Candidate gateway, Socket[] sockets)
    {
        using var limit = new CancellationTokenSource(Limit);
        var arrivals = new long[sockets.Length];
        var receiving = sockets.Select(async (socket, index) =>
        {
            var message = await socket.ReceiveAsync(limit.Token);
            arrivals[index] = Stopwatch.GetTimestamp();
            EnsureRight(message);
        }).ToArray();
        var began = Stopwatch.GetTimestamp();
        await Calls.MessageTo(sockets.Length).SendAsync(client, gateway);
        await Task.WhenAll(receiving);
        return (Stopwatch.GetElapsedTime(began, arrivals.Min()).TotalMilliseconds, Stopwatch.GetElapsedTime(began, arrivals.Max()).TotalMilliseconds);
    }

    private async Task IdleAsync(Candidate gateway)
    {
        var cpu = gateway.Process.CpuMicroseconds;
        await Task.Delay(plan.RoundTime);
        cpu = (gateway.Process.CpuMicroseconds - cpu) / plan.RoundTime.TotalSeconds;
        report.Note($"CPU per idle socket: {Number(cpu / Count, "0.00")} µs a second");
    }

    /// <summary>Messages to one user each, at a fixed rate; how long each takes from the call to the socket.</summary>
    private async Task SpreadAsync(Candidate gateway, Socket[] sockets)
    {
        using var limit = new CancellationTokenSource(Limit);
        var call = Calls.MessageTo(1);
        var count = EventsPerSecond * (int)plan.RoundTime.TotalSeconds;
        var sent = new long[count];
        var took = new double[count];
        var receiving = Task.Run(async () =>
        {
            for (var number = 0; number < count; number++)
            {
                EnsureRight(await sockets[0].ReceiveAsync(limit.Token));
                took[number] = Stopwatch.GetElapsedTime(sent[number]).TotalMilliseconds;
            }
        });
        var cpu = gateway.Process.CpuMicroseconds;
        var began = Stopwatch.GetTimestamp();
        var calls = new List<Task>();
        for (var number = 0; number < count; number++)
        {
            var wait = TimeSpan.FromSeconds((double)number / EventsPerSecond) - Stopwatch.GetElapsedTime(began);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait);
            }

            sent[number] = Stopwatch.GetTimestamp();
            calls.Add(call.SendAsync(client, gateway));
        }

        await Task.WhenAll(calls);
        await receiving;
        cpu = (gateway.Process.CpuMicroseconds - cpu) / count;
        report.Note($"{Number(EventsPerSecond)} messages a second: p50 {Number(took.Median(), "0.00")} ms and p99 {Number(took.Percentile(0.99), "0.00")} ms from call to socket, {Number(cpu, "0")} µs CPU each");
        report.Metric("event_p99_ms", took.Percentile(0.99));
    }

    private static void EnsureRight(NotifyMessage message)
    {
        if (message.NewMessageInfo?.MessageInfo?.Message?.StringMessage?.Content != "How are you?")
        {
            throw new InvalidOperationException($"A socket got a wrong event: {message}");
        }
    }
}
