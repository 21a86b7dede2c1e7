using System.Buffers.Binary;
using Gateway.Notify.Connections;
using Gateway.Protocol.NotifyV2;
using Gateway.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Notify;

/// <summary>Many at once: nobody waits for another, and nobody is left over.</summary>
[TestFixture]
[Category("Long")]
[NonParallelizable]
internal sealed class LoadTests
{
    private const string Limits = "100000";

    [Test]
    public async Task ClientThatNeverReads_BesideAThousand_DisturbsNobody()
    {
        const int Others = 1000, Events = 20;
        await using var hub = await HubFixture.StartAsync(Open("Gateway:Notify:MaxQueuedBytes", $"{256 << 10}"));
        for (var i = 0; i < Others; i++)
        {
            hub.Sessions.Set($"s-{i}", $"user-{i}");
        }

        var clients = await JoinAllAsync(Others, i => NotifyClient.JoinAsync(hub.WebSocketPort, $"s-{i}"));
        await Eventually.That(() => hub.Gateway.Services.GetRequiredService<OpenSockets>().All.Count(socket => socket.Id.Length > 0) == Others);
        using var deaf = await DeafClient.JoinAsync(hub.WebSocketPort, "s-alice");
        await Eventually.That(() => hub.SocketsOf("alice") == 1);

        string[] everybody = ["alice", .. Enumerable.Range(0, Others).Select(i => $"user-{i}")];
        var padding = new string('x', 64 << 10);
        for (var i = 0; i < Events; i++)
        {
            await hub.PublishAsync(["alice"], HubFixture.Removed(padding));
            await hub.PublishAsync(everybody, HubFixture.Removed($"{i}"));
        }

        await Parallel.ForEachAsync(clients, async (client, _) =>
        {
            for (var i = 0; i < Events; i++)
            {
                Assert.That((await client.ReceiveAsync()).FriendRemove.UserId, Is.EqualTo($"{i}"));
            }

            await client.DisposeAsync();
        });
    }

    [Test]
    [Servers]
    public async Task ReconnectStorm_OfTwoThousand_LosesNothing()
    {
        const int Clients = 2000;
        // A machine that is busy with something else may take longer for a look-up or a join than the defaults let it. A client would be told
        // to come back then, with 4503 or 4504; but this is about what is lost, and not about how fast it is.
        var patient = new Dictionary<string, string?>(Open())
        {
            ["Gateway:Sessions:LookupTimeout"] = "00:00:05",
            ["Gateway:Notify:RedisTimeout"] = "00:00:10",
            ["Gateway:Notify:PingTimeout"] = "00:05:00",
        };
        await using var nodes = await NodesFixture.StartAsync(2, patient, ",asyncTimeout=10000");
        for (var i = 0; i < Clients; i++)
        {
            await nodes.LogInAsync($"s-{i}", $"user-{i}");
        }

        var before = await JoinAllAsync(Clients, i => ExtendedClient.JoinAsync(nodes.Address(i % 2), $"s-{i}"));
        // All connections break at once, and all come back at once, each to the other node.
        await Parallel.ForEachAsync(before, async (client, _) => await client.DisposeAsync());
        await nodes.PublishAsync(0, [.. Enumerable.Range(0, Clients).Select(i => $"user-{i}")], HubFixture.Removed("missed"));
        var after = await JoinAllAsync(Clients, i => ExtendedClient.JoinAsync(nodes.Address((i + 1) % 2), $"s-{i}", before[i]));
        await Parallel.ForEachAsync(after, async (client, _) =>
        {
            Assert.That(await client.ReceiveResumedAsync(), Is.True);
            Assert.That((await client.ReceiveEventAsync()).Notify, Is.EqualTo(HubFixture.Removed("missed")));
            await client.DisposeAsync();
        });
    }

    [Test]
    [Servers]
    public async Task DrainUnderLoad_HandsEveryClientOverWithoutAGap()
    {
        const int Events = 200;
        await using var nodes = await NodesFixture.StartAsync(2, Open());
        await using var before = await nodes.JoinExtendedAsync(1, "alice");
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < Events; i++)
            {
                await nodes.PublishAsync(0, ["alice"], HubFixture.Removed($"{i}"));
            }
        });

        var told = new List<string> { (await before.ReceiveEventAsync()).Notify.FriendRemove.UserId };
        var draining = nodes.StopNodeAsync(1);
        while (await before.TryReceiveEventAsync() is { } numbered)
        {
            told.Add(numbered.Notify.FriendRemove.UserId);
        }

        Assert.That(before.CloseCode, Is.EqualTo(1001));
        await using var after = await nodes.JoinExtendedAsync(0, "alice", before);
        Assert.That(await after.ReceiveResumedAsync(), Is.True);
        while (told.Count < Events)
        {
            told.Add((await after.ReceiveEventAsync()).Notify.FriendRemove.UserId);
        }

        await Task.WhenAll(sending, draining);
        Assert.That(told, Is.EqualTo(Enumerable.Range(0, Events).Select(i => $"{i}")));
    }

    [TestCase(null)]
    [TestCase("gateway.notify.v2")]
    public async Task FirstMessages_OfAnyBytes_EndInACloseOrALife_AndLeaveNothing(string? subprotocol)
    {
        const int Count = 400;
        var random = new Random(20261123);
        await using var hub = await HubFixture.StartAsync(Open("Gateway:Notify:AuthenticationTimeout", "00:00:02"));
        var hello = new ClientFrame { Hello = new Hello { SessionId = "s-alice" } }.ToByteArray();
        await Parallel.ForEachAsync(Enumerable.Range(0, Count).Select(_ => Mutate(random, hello)).ToArray(), async (bytes, _) =>
        {
            await using var client = await NotifyClient.OpenAsync(hub.WebSocketPort, options =>
            {
                if (subprotocol is not null)
                {
                    options.AddSubProtocol(subprotocol);
                }
            });
            await client.SendAsync(bytes);
        });
        await AssertServesAsync(hub);
    }

    [Test]
    public async Task Frames_OfAnyBytes_AfterTheUpgrade_LeaveNothing()
    {
        const int Count = 300;
        var random = new Random(20261124);
        await using var hub = await HubFixture.StartAsync(Open("Gateway:Notify:CloseTimeout", "00:00:00.500"));
        await Parallel.ForEachAsync(Enumerable.Range(0, Count).Select(_ => Frame(random)).ToArray(), async (bytes, _) =>
        {
            using var client = await DeafClient.OpenAsync(hub.WebSocketPort);
            try
            {
                await client.WriteAsync(bytes);
            }
            catch (IOException)
            {
                // The gateway has hung up already.
            }
        });
        await AssertServesAsync(hub);
    }

    private static async Task AssertServesAsync(HubFixture hub)
    {
        await Eventually.That(() => !hub.Gateway.Services.GetRequiredService<OpenSockets>().All.Any(), "no connection is left over");
        await using var bob = await hub.JoinAsync("bob");
        await hub.PublishAsync(["bob"], HubFixture.Removed("alice"));
        Assert.That(await bob.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("alice")));
    }

    private static byte[] Mutate(Random random, byte[] good)
    {
        var bytes = random.Next(3) == 0 ? new byte[random.Next(1, 300)] : [.. good];
        if (bytes.Length != good.Length)
        {
            random.NextBytes(bytes);
        }

        for (var i = random.Next(4); i > 0; i--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes[..random.Next(1, bytes.Length + 1)];
    }

    /// <summary>A frame header of any kind, with lengths that may or may not be true, and some bytes.</summary>
    private static byte[] Frame(Random random)
    {
        var bytes = new byte[random.Next(2, 200)];
        random.NextBytes(bytes);
        if (random.Next(2) == 0)
        {
            bytes[0] = (byte)(0x80 | random.Next(16));
        }

        if (random.Next(4) == 0 && bytes.Length > 10)
        {
            bytes[1] = 0xff;
            BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(2), random.NextInt64());
        }

        return bytes;
    }

    private static async Task<T[]> JoinAllAsync<T>(int count, Func<int, Task<T>> join)
    {
        var joined = new T[count];
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) => joined[i] = await join(i));
        return joined;
    }

    private static Dictionary<string, string?> Open(string? setting = null, string? value = null)
    {
        var settings = new Dictionary<string, string?> { ["Gateway:Notify:MaxConnections"] = Limits, ["Gateway:Notify:MaxConnectionsPerAddress"] = Limits };
        if (setting is not null)
        {
            settings[setting] = value;
        }

        return settings;
    }
}
