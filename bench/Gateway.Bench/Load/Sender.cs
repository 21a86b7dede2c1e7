using System.Diagnostics;
using Gateway.Bench.Servers;

namespace Gateway.Bench.Load;

/// <summary>Sends messages to users of an audience through one gateway.</summary>
internal sealed class Sender(HttpClient client, Candidate gateway, Audience audience)
{
    private const int AtOnce = 64;

    /// <summary>At a fixed rate, whatever becomes of those before; ends when everybody has everything.</summary>
    public async Task<IReadOnlyList<Telling>> AtRateAsync(TimeSpan time, double perSecond, Func<int, (int First, int Count)> recipients)
    {
        var began = Stopwatch.GetTimestamp();
        var tellings = new List<Telling>();
        var calls = new List<Task>();
        for (var turn = 0; turn < time.TotalSeconds * perSecond; turn++)
        {
            var wait = TimeSpan.FromSeconds(turn / perSecond) - Stopwatch.GetElapsedTime(began);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait);
            }

            var (first, count) = recipients(turn);
            tellings.Add(audience.Expect(first, count));
            calls.Add(tellings[^1].SendAsync(client, gateway));
        }

        await Task.WhenAll(calls);
        await HaveAllAsync(tellings);
        return tellings;
    }

    /// <summary>Each when the one before has been answered, 64 side by side; ends when everybody has everything.</summary>
    public async Task<IReadOnlyList<Telling>> AsFastAsItGoesAsync(TimeSpan time, Func<int, (int First, int Count)> recipients)
    {
        var began = Stopwatch.GetTimestamp();
        return await SideBySideAsync(_ => Stopwatch.GetElapsedTime(began) < time, recipients);
    }

    /// <summary>One to each user; ends when everybody has his own.</summary>
    public Task<IReadOnlyList<Telling>> EachAsync(int users) => SideBySideAsync(turn => turn < users, turn => (turn, 1));

    private async Task<IReadOnlyList<Telling>> SideBySideAsync(Func<int, bool> goesOn, Func<int, (int First, int Count)> recipients)
    {
        var turns = -1;
        var tellings = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            var own = new List<Telling>();
            while (Interlocked.Increment(ref turns) is var turn && goesOn(turn))
            {
                var (first, count) = recipients(turn);
                own.Add(audience.Expect(first, count));
                await own[^1].SendAsync(client, gateway);
            }

            return own;
        }));
        await HaveAllAsync(tellings.SelectMany(own => own));
        return [.. tellings.SelectMany(own => own)];
    }

    private async Task HaveAllAsync(IEnumerable<Telling> tellings)
    {
        foreach (var telling in tellings)
        {
            await audience.HaveAsync(telling);
        }
    }
}
