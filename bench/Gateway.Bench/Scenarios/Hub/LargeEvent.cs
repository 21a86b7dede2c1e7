using System.Diagnostics;
using System.Net.Http.Headers;
using Gateway.Bench.Load;
using Gateway.Bench.Servers;
using Gateway.Protocol;
using Google.Protobuf;
using static Gateway.Bench.Scenarios.Report;

namespace Gateway.Bench.Scenarios.Hub;

/// <summary>A photo of 4 MiB for 500 users on three nodes: how often it crosses from Redis to the nodes.</summary>
internal sealed class LargeEvent(Lab lab, HttpClient client, Report report)
{
    private const int Members = 500;
    private const int Size = 4 << 20;
    private const int Calls = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    public async Task RunAsync()
    {
        report.Title($"Hub: an event of 4 MiB for {Members} users on three nodes");
        using var rig = await HubRig.StartAsync(lab, client, nodes: 3, HubRig.NoSessionChecks, $"--Gateway:Rpc:DefaultMaxRequestBodySize={2 * Size}");
        using var audience = await Audience.JoinAsync(rig.Nodes, Members, _ => false);
        await rig.HasSeatsAsync(audience);
        var idle = await rig.IdleAsync(Settle);
        var (times, crossings) = (new List<double>(), new List<double>());
        for (var call = 0; call < Calls; call++)
        {
            var before = await rig.Redis.MeasureAsync();
            times.Add(await TellAsync(rig, audience, call));
            crossings.Add((await rig.Redis.MeasureAsync() - before).Without(idle).Sent / Size);
        }

        report.Note($"It leaves Redis {Number(crossings.Median(), "0.00")} times, which is once for each node if it is {rig.Nodes.Count}; the last user has it after {Number(times.Median())} ms");
        report.Metric("hub_large_crossings", crossings.Median());
        report.Metric("hub_large_last_ms", times.Median());
        if (crossings.Max() > rig.Nodes.Count + 0.5)
        {
            throw new InvalidOperationException($"A large event left Redis {crossings.Max():0.00} times for {rig.Nodes.Count} nodes.");
        }
    }

    /// <summary>Returns when the last user had it, in milliseconds after the call began.</summary>
    private async Task<double> TellAsync(HubRig rig, Audience audience, int call)
    {
        var bytes = new byte[Size];
        new Random(call).NextBytes(bytes);
        var message = new MessageContent { MessageType = MessageType.Image, ImageMessage = new ImageMessageInfo { ImageContent = UnsafeByteOperations.UnsafeWrap(bytes) } };
        var request = new NewMessageReq { RequestId = $"photo-{call}", SessionId = People.Session(People.Count - 1), ChatSessionId = SubService.Targets(0, Members), Message = message };
        var expected = new NotifyMessage
        {
            NotifyType = NotifyType.ChatMessageNotify,
            NewMessageInfo = new NotifyNewMessage { MessageInfo = SubService.Message(request, People.User(People.Count - 1)) },
        }.ToByteArray();

        using var limit = new CancellationTokenSource(Limit);
        var receiving = audience.Sockets.Select(socket => socket.ReceiveSameAsync(expected, limit.Token)).ToArray();
        using var content = new ByteArrayContent(request.ToByteArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } };
        var began = Stopwatch.GetTimestamp();
        using var response = await client.PostAsync(new Uri(rig.Nodes[0].Http, Load.Calls.NewMessagePath), content, limit.Token);
        if (!NewMessageRsp.Parser.ParseFrom(await response.Content.ReadAsByteArrayAsync(limit.Token)).Success)
        {
            throw new InvalidOperationException("The gateway did not take a large message.");
        }

        await Task.WhenAll(receiving);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
