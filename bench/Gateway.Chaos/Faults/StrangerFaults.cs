using System.Globalization;
using Gateway.Chaos.Load;
using Gateway.Chaos.Parts;
using Gateway.Chaos.Soak;

namespace Gateway.Chaos.Faults;

/// <summary>Strangers with large requests make a gateway hold no more than its budget, and nobody with a session notices.</summary>
internal sealed class StrangerFaults(FaultBench bench)
{
    private const int MiB = 1 << 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync()
    {
        var gateway = bench.Rig.Gateways[0];
        using var caller = new Caller(gateway.Http);
        var uploads = new Uploads([caller], firstUser: 0);
        var begin = bench.Load.Now;
        var before = Sample.Of(gateway.Process.Id).Memory;
        var most = before;
        int refused, failedUploads;
        long sent;
        await using (var users = new Clients(Uploads.Clients, Pause, uploads.UploadAsync))
        {
            await using (var strangers = new Strangers(gateway.Http))
            {
                for (var end = begin + bench.Pace.Instance; bench.Load.Now < end; await Task.Delay(Pause))
                {
                    most = Math.Max(most, Sample.Of(gateway.Process.Id).Memory);
                }

                (refused, sent) = (strangers.Refused, strangers.Sent);
            }

            failedUploads = users.Wrong + users.Failures.Values.Sum();
        }

        var grown = most - before;
        await bench.AddAsync(
            string.Create(CultureInfo.InvariantCulture, $"{Strangers.Count} strangers post 60 MiB each, {refused} are refused after {sent / MiB} MiB: {grown:0} MiB more memory"),
            begin,
            bench.Load.Now,
            // The relay to Redis shares the cores with the strangers, and one call in a thousand may find it late.
            calls => Math.Max(0, calls.Count(call => call.IsFailed) - (calls.Count / 1000)) + failedUploads + (grown < GatewayNode.HeldRequestBytes / MiB ? 0 : 1));
    }
}
