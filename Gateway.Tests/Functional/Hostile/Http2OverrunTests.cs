using Gateway.Tests.Support;
using static Gateway.Tests.Support.Http2Bytes;
using static Gateway.Tests.Support.RawHttp2;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>
/// Floods of resets that overrun Kestrel's queue of output. It cuts these connections, and of some, up to four in ten, it never ends HTTP/2.
/// </summary>
[TestFixture]
internal sealed class Http2OverrunTests : Http2Test
{
    private const string HeldPath = "/service/user/set_description";
    private const int Attacks = 20;

    protected override Dictionary<string, string?> Settings => new(base.Settings)
    {
        ["Gateway:Limits:MaxConnections"] = $"{HonestConnections + Attacks}",
    };

    [Test]
    public async Task Resets_OverrunTheOutput_PlacesAreGivenBack()
    {
        Service.Hold();
        for (var attack = 0; attack < Attacks; attack++)
        {
            await FloodAsync(await AttackAsync());
        }

        // What nobody holds any more Kestrel would report at the next beat of its heart.
        GC.Collect();

        foreach (var client in await TakeAllPlacesAsync())
        {
            await client.DisposeAsync();
        }
    }

    /// <summary>Connects until all places are taken.</summary>
    private async Task<List<RawHttp2>> TakeAllPlacesAsync()
    {
        List<RawHttp2> clients = [];
        await Eventually.That(
            async () =>
            {
                if (await TryConnectAsync() is { } client)
                {
                    clients.Add(client);
                }

                return clients.Count == Attacks;
            },
            "all places are free");
        return clients;
    }

    private async Task<RawHttp2?> TryConnectAsync()
    {
        try
        {
            return await AttackAsync();
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Again and again: as many streams as are allowed, nearly as many that are refused, and resets of the first.</summary>
    private static async Task FloodAsync(RawHttp2 attacker)
    {
        const int Rounds = 30;
        const int Allowed = 100;
        const int AtOnce = Allowed + 90;
        var answers = attacker.ReadToEndAsync();
        await attacker.TrySendAsync(Enumerable.Range(0, Rounds).SelectMany(round => (byte[][])
        [
            .. StreamsOf(round, AtOnce).Select(stream => Frame(Http2FrameType.Headers, EndHeaders, stream, Head(HeldPath))),
            .. StreamsOf(round, Allowed).Select(stream => Frame(Http2FrameType.RstStream, 0, stream, Number((int)Http2Error.Cancel))),
        ]));
        await attacker.DisposeAsync();
        await answers;

        static IEnumerable<int> StreamsOf(int round, int count) => Enumerable.Range(round * AtOnce, count).Select(i => (2 * i) + 1);
    }
}
