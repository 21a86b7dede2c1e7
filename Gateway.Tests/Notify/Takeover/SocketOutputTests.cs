using System.Net;
using System.Net.Sockets;
using Gateway.Notify.Takeover;
using Gateway.Tests.Support;

namespace Gateway.Tests.Notify.Takeover;

/// <summary>Bytes on their way to the system, which does not always take all of them.</summary>
[TestFixture]
internal sealed class SocketOutputTests
{
    /// <summary>Far more than the system holds for a client that does not read.</summary>
    private const int Pieces = 64;
    private const int PieceLength = 1 << 20;

    [Test]
    public async Task SendAsync_TheSystemTakesItAtOnce_IsDone()
    {
        using var pair = await Pair.OpenAsync();

        var sending = pair.Output.SendAsync(new byte[] { 1, 2, 3 });

        Assert.That(sending.IsCompletedSuccessfully, Is.True);
        Assert.That(await pair.ReadAsync(3), Is.EqualTo(new byte[] { 1, 2, 3 }));
    }

    [Test]
    public async Task SendAsync_ManyAtOnceToAClientThatReadsLate_EachArrivesWhole()
    {
        using var pair = await Pair.OpenAsync();
        var sending = Enumerable.Range(0, Pieces).Select(number => Task.Run(async () => await pair.Output.SendAsync(Piece(number)))).ToArray();
        await Eventually.That(() => sending.Any(task => task.IsCompleted), "something goes out");
        Assert.That(sending.Any(task => !task.IsCompleted), Is.True, "The system took everything, so this tests nothing");

        var seen = new List<int>();
        for (var i = 0; i < Pieces; i++)
        {
            var piece = await pair.ReadAsync(PieceLength);
            AssertIsPiece(piece[0], piece);
            seen.Add(piece[0]);
        }

        await Task.WhenAll(sending).DefaultTimeout();
        Assert.That(seen, Is.EquivalentTo(Enumerable.Range(0, Pieces)));
    }

    [Test]
    public async Task SendAsync_OneBehindTheOther_ArriveInThatOrder()
    {
        using var pair = await Pair.OpenAsync();
        var sending = new List<Task>();
        for (var number = 0; number < Pieces; number++)
        {
            sending.Add(pair.Output.SendAsync(Piece(number)).AsTask());
        }

        for (var number = 0; number < Pieces; number++)
        {
            AssertIsPiece((byte)number, await pair.ReadAsync(PieceLength));
        }

        await Task.WhenAll(sending).DefaultTimeout();
    }

    [Test]
    public async Task SendAsync_ConnectionEndsMeanwhile_FailsWithAllThatWaitBehind()
    {
        using var pair = await Pair.OpenAsync();
        var first = pair.Output.SendAsync(new byte[Pieces * PieceLength]).AsTask();
        var second = pair.Output.SendAsync(Piece(1)).AsTask();
        Assert.That(first.IsCompleted, Is.False);

        pair.EndServer();

        Assert.That(async () => await first.DefaultTimeout(), Throws.InstanceOf<IOException>());
        Assert.That(async () => await second.DefaultTimeout(), Throws.InstanceOf<IOException>());
        Assert.That(async () => await pair.Output.SendAsync(Piece(2)), Throws.InstanceOf<IOException>());
    }

    [Test]
    public async Task SendAsync_OfAnEndedConnection_Fails()
    {
        using var pair = await Pair.OpenAsync();
        pair.EndServer();

        Assert.That(async () => await pair.Output.SendAsync(Piece(0)), Throws.InstanceOf<IOException>());
        Assert.That(async () => await pair.AnotherOutput().SendAsync(Piece(0)), Throws.InstanceOf<IOException>());
    }

    // A constraint would look at a hundred million bytes one by one.
    private static void AssertIsPiece(byte number, byte[] piece) =>
        Assert.That(piece.AsSpan().IndexOfAnyExcept(number), Is.EqualTo(-1), "Two pieces are mixed up, from this byte on");

    private static byte[] Piece(int number)
    {
        var piece = new byte[PieceLength];
        Array.Fill(piece, (byte)number);
        return piece;
    }

    /// <summary>The two ends of a connection.</summary>
    private sealed class Pair : IDisposable
    {
        private readonly Socket _server;
        private readonly TcpClient _client;

        private Pair(Socket server, TcpClient client)
        {
            (_server, _client) = (server, client);
            Output = new SocketOutput(server);
        }

        public SocketOutput Output { get; }

        public static async Task<Pair> OpenAsync()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var client = new TcpClient();
            await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint).DefaultTimeout();
            return new Pair(await listener.AcceptSocketAsync().DefaultTimeout(), client);
        }

        public SocketOutput AnotherOutput() => new(_server);

        public async Task<byte[]> ReadAsync(int count)
        {
            var bytes = new byte[count];
            await _client.GetStream().ReadExactlyAsync(bytes).AsTask().DefaultTimeout();
            return bytes;
        }

        public void EndServer() => _server.Dispose();

        public void Dispose()
        {
            _server.Dispose();
            _client.Dispose();
        }
    }
}
