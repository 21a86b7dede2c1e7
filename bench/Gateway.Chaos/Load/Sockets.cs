using System.Globalization;
using System.Net.WebSockets;
using Gateway.Chaos.Hub;
using Gateway.Protocol;
using Gateway.Protocol.NotifyV2;
using Google.Protobuf;

namespace Gateway.Chaos.Load;

/// <summary>Sockets that log in, get the event of a call made at the other gateway, stay for a moment, and close or break off in turn.</summary>
internal sealed class Sockets(IReadOnlyList<Uri> addresses, IReadOnlyList<Caller> gateways, int firstUser)
{
    public const int Clients = 8;

    /// <summary>One for each socket, and one who makes the call.</summary>
    public const int Users = 2 * Clients;

    private const string RemovePath = "/service/friend/remove_friend";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Stay = TimeSpan.FromMilliseconds(500);

    private readonly int[] _open = new int[addresses.Count];
    private int _number;

    /// <summary>How many are open at a gateway now.</summary>
    public int OpenAt(int node) => Volatile.Read(ref _open[node]);

    public async Task<Ending> VisitAsync(int client)
    {
        var number = Interlocked.Increment(ref _number);
        var node = number % addresses.Count;
        using var limit = new CancellationTokenSource(Limit);
        using var socket = await HubSocket.OpenAsync(new UriBuilder(addresses[node]) { Scheme = "ws", Path = "/ws" }.Uri, isExtended: true);
        Interlocked.Increment(ref _open[node]);
        try
        {
            var ending = await BeNotifiedAsync(socket, client, number, limit.Token);
            await Task.Delay(Stay, limit.Token);
            if (number / addresses.Count % 2 == 0)
            {
                await socket.CloseAsync(limit.Token);
            }

            return ending;
        }
        finally
        {
            Interlocked.Decrement(ref _open[node]);
        }
    }

    private async Task<Ending> BeNotifiedAsync(HubSocket socket, int client, int number, CancellationToken limit)
    {
        var (user, other) = (firstUser + client, firstUser + Clients + client);
        await socket.SendAsync(new ClientFrame { Hello = new Hello { SessionId = $"s{user}" } });
        await ReceiveAsync(socket, frame => frame.Welcome is not null, limit);
        var request = new FriendRemoveReq { RequestId = number.ToString(CultureInfo.InvariantCulture), SessionId = $"s{other}", PeerId = $"u{user}" };
        var (answer, code) = await gateways[(number + 1) % gateways.Count].CallAsync(RemovePath, request.ToByteArray(), FriendRemoveRsp.Parser);
        if (!answer.Success)
        {
            return Ending.Failed(code ?? "refused");
        }

        var frame = await ReceiveAsync(socket, frame => frame.Event?.Notify is not null, limit);
        return Ending.Of(answer.RequestId == request.RequestId && frame.Event.Notify.FriendRemove?.UserId == $"u{other}");
    }

    private static async Task<ServerFrame> ReceiveAsync(HubSocket socket, Predicate<ServerFrame> isWanted, CancellationToken limit)
    {
        while (await socket.ReceiveAsync(limit) is { } bytes)
        {
            if (ServerFrame.Parser.ParseFrom(bytes.Span) is var frame && isWanted(frame))
            {
                return frame;
            }
        }

        throw new WebSocketException($"closed with {socket.CloseCode}");
    }
}
