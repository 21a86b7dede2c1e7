using Gateway.Protocol;
using Gateway.Tests.Support;
using Google.Protobuf;

namespace Gateway.Tests.Notify;

/// <summary>
/// Clients that close as nobody may, send what is not asked for, or never end what they begin. Each is closed with the right code, leaves
/// nothing behind, and takes nothing from the others.
/// </summary>
[TestFixture]
internal sealed class HostileSocketTests
{
    private const int ProtocolError = 1002;
    private const int NotBinary = 1003;
    private const int TooBig = 1009;
    private const int MaxMessage = 64 << 10;

    private static readonly byte[] Greeting = new ClientAuthenticationReq { SessionId = "s-alice" }.ToByteArray();

    private HubFixture _hub = null!;
    private NotifyClient _bob = null!;

    private Uri Address => new(_hub.Gateway.Urls[1]);

    public static IEnumerable<TestCaseData> Violations()
    {
        yield return Case("CloseOfOneByte", ProtocolError, RawSocket.Frame(RawSocket.Fin | RawSocket.Close, [3]));
        foreach (var code in new[] { 0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535 })
        {
            yield return Case($"CloseWithCode{code}", ProtocolError, RawSocket.Frame(RawSocket.Fin | RawSocket.Close, RawSocket.CloseOf(code)));
        }

        yield return Case("CloseTextNoUtf8", ProtocolError, RawSocket.Frame(RawSocket.Fin | RawSocket.Close, [.. RawSocket.CloseOf(1000), 0xC0, 0x80]));
        yield return Case("CloseOfManyBytes", ProtocolError, RawSocket.Frame(RawSocket.Fin | RawSocket.Close, new byte[126]));
        foreach (var bit in new[] { 0x40, 0x20, 0x10 })
        {
            yield return Case($"ReservedBit{bit:X}", ProtocolError, RawSocket.Frame(RawSocket.Fin | bit | RawSocket.Binary, [1]));
        }

        foreach (var opcode in new[] { 3, 7, 0xB, 0xF })
        {
            yield return Case($"UnknownOpcode{opcode:X}", ProtocolError, RawSocket.Frame(RawSocket.Fin | opcode, []));
        }

        yield return Case("PingOfManyBytes", ProtocolError, RawSocket.Frame(RawSocket.Fin | RawSocket.Ping, new byte[126]));
        yield return Case("PingInFragments", ProtocolError, RawSocket.Frame(RawSocket.Ping, [1]));
        yield return Case("CloseInFragments", ProtocolError, RawSocket.Frame(RawSocket.Close, RawSocket.CloseOf(1000)));
        yield return Case("ContinuationOfNothing", ProtocolError, RawSocket.Frame(RawSocket.Fin | RawSocket.Continuation, [1]));
        yield return Case("MessageWithinAMessage", ProtocolError, RawSocket.Frame(RawSocket.Binary, [1]), RawSocket.Frame(RawSocket.Fin | RawSocket.Binary, [1]));
        yield return Case("LengthOf64Bits", ProtocolError, [RawSocket.Fin | RawSocket.Binary, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
        yield return Case("NotMasked", ProtocolError, [RawSocket.Fin | RawSocket.Binary, (byte)Greeting.Length, .. Greeting]);
        yield return Case("NoFrameAtAll", ProtocolError, "GET / HTTP/1.1\r\nHost: gateway\r\n\r\n"u8.ToArray());
        yield return Case("Text", NotBinary, RawSocket.Frame(RawSocket.Fin | RawSocket.Text, "hello"u8.ToArray()));
        yield return Case("TextNoUtf8", NotBinary, RawSocket.Frame(RawSocket.Fin | RawSocket.Text, [0xC0, 0x80]));
        yield return Case("MessageOfManyBytes", TooBig, RawSocket.Frame(RawSocket.Fin | RawSocket.Binary, new byte[MaxMessage + 1]));
        yield return Case("MessageOfManyBytesThatNeverEnds", TooBig, RawSocket.Frame(RawSocket.Fin | RawSocket.Binary, new byte[2 * MaxMessage])[..^(MaxMessage - 1)]);
        yield return Case("FragmentsBeyondTheLimit", TooBig, RawSocket.Frame(RawSocket.Binary, new byte[40_000]), RawSocket.Frame(RawSocket.Continuation, new byte[40_000]));
    }

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _hub = await HubFixture.StartAsync();
        _bob = await _hub.JoinAsync("bob");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _bob.DisposeAsync();
        await _hub.DisposeAsync();
    }

    [TearDown]
    public async Task OnlyBobIsLeftAndIsToldEventsAsync()
    {
        await Eventually.That(() => _hub.Gateway.OpenSockets() == 1 && _hub.SocketsOf("alice") == 0);
        await Eventually.That(() => OpenConnections.Of(_hub.Gateway.Urls) == 1, "no connection but Bob's is left over");
        await _hub.PublishAsync(["bob"], HubFixture.Removed("alice"));
        Assert.That(await _bob.ReceiveAsync(), Is.EqualTo(HubFixture.Removed("alice")));
        _hub.Log.AssertNoErrors();
    }

    [TestCaseSource(nameof(Violations))]
    public async Task Stranger_BreaksTheProtocol_IsClosed(int code, byte[] bytes)
    {
        using var socket = await RawSocket.OpenAsync(Address);

        await socket.SendAsync(bytes);

        Assert.That(await socket.ReadCloseAsync(), Is.EqualTo(code));
    }

    [TestCaseSource(nameof(Violations))]
    public async Task User_BreaksTheProtocol_IsClosed(int code, byte[] bytes)
    {
        using var socket = await JoinAsync();

        await socket.SendAsync(bytes);

        Assert.That(await socket.ReadCloseAsync(), Is.EqualTo(code));
    }

    [Test]
    public async Task User_SendsEmptyFragmentsWithoutEnd_IsClosed()
    {
        using var socket = await JoinAsync();
        var empty = RawSocket.Frame(RawSocket.Continuation, []);

        await socket.SendAsync([.. RawSocket.Frame(RawSocket.Binary, []), .. Enumerable.Repeat(empty, 40).SelectMany(frame => frame)]);

        Assert.That(await socket.ReadCloseAsync(), Is.EqualTo(4430));
    }

    [Test]
    public async Task Greeting_WithSomeEmptyFragments_IsRead()
    {
        using var socket = await RawSocket.OpenAsync(Address);
        var empty = RawSocket.Frame(RawSocket.Continuation, []);

        await socket.SendAsync(
            [.. RawSocket.Frame(RawSocket.Binary, []), .. Enumerable.Repeat(empty, 10).SelectMany(frame => frame), .. RawSocket.Frame(RawSocket.Fin | RawSocket.Continuation, Greeting)]);

        await Eventually.That(() => _hub.SocketsOf("alice") == 1);
    }

    [Test]
    public async Task Greeting_InFragmentsOfOneByteAmongPings_IsRead()
    {
        using var socket = await RawSocket.OpenAsync(Address);
        for (var i = 0; i < Greeting.Length; i++)
        {
            var fin = i == Greeting.Length - 1 ? RawSocket.Fin : 0;
            await socket.SendAsync(fin | (i == 0 ? RawSocket.Binary : RawSocket.Continuation), [Greeting[i]]);
            await socket.SendAsync(RawSocket.Fin | RawSocket.Ping, [(byte)i]);
        }

        await Eventually.That(() => _hub.SocketsOf("alice") == 1);

        for (var i = 0; i < Greeting.Length; i++)
        {
            var (head, payload) = await socket.ReadAsync();
            Assert.That(head, Is.EqualTo(RawSocket.Fin | RawSocket.Pong));
            Assert.That(payload, Is.EqualTo(new[] { (byte)i }));
        }
    }

    [TestCase(1000)]
    [TestCase(1001)]
    [TestCase(3000)]
    [TestCase(4999)]
    public async Task Close_WithAnAllowedCode_IsAnsweredAsThat(int code)
    {
        using var socket = await JoinAsync();

        await socket.SendAsync(RawSocket.Fin | RawSocket.Close, RawSocket.CloseOf(code, "bye"));

        Assert.That(await socket.ReadCloseAsync(), Is.EqualTo(1000));
    }

    [Test]
    public async Task Pings_ByTheThousandFromAClientThatReads_AreAnswered()
    {
        using var socket = await JoinAsync();
        var ping = RawSocket.Frame(RawSocket.Fin | RawSocket.Ping, new byte[125]);

        await socket.SendAsync([.. Enumerable.Repeat(ping, 200).SelectMany(frame => frame)]);

        for (var i = 0; i < 200; i++)
        {
            Assert.That((await socket.ReadAsync()).Head, Is.EqualTo(RawSocket.Fin | RawSocket.Pong));
        }
    }

    [Test]
    public async Task Stranger_ThatNeverEndsItsGreeting_IsClosedAfterTheTimeout()
    {
        await using var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:AuthenticationTimeout"] = "00:00:00.200" });
        using var socket = await RawSocket.OpenAsync(new Uri(hub.Gateway.Urls[1]));

        await socket.SendAsync(RawSocket.Binary, [Greeting[0]]);

        Assert.That(await socket.ReadCloseAsync(), Is.EqualTo(4408));
        await Eventually.That(() => hub.Gateway.OpenSockets() == 0);
    }

    [Test]
    public async Task Client_ThatIgnoresOurClose_IsCutOff()
    {
        await using var hub = await HubFixture.StartAsync(new() { ["Gateway:Notify:CloseTimeout"] = "00:00:00.200" });
        using var client = await RawSocket.OpenAsync(new Uri(hub.Gateway.Urls[1]));

        await client.SendAsync(RawSocket.Fin | RawSocket.Text, "hello"u8.ToArray());

        Assert.That(await client.ReadCloseAsync(), Is.EqualTo(1003));
        await Eventually.That(() => hub.Gateway.OpenSockets() == 0);
    }

    private async Task<RawSocket> JoinAsync()
    {
        var socket = await RawSocket.OpenAsync(Address);
        await socket.JoinAsync("s-alice");
        await Eventually.That(() => _hub.SocketsOf("alice") == 1);
        return socket;
    }

    private static TestCaseData Case(string name, int code, params byte[][] frames) =>
        new TestCaseData(code, frames.SelectMany(frame => frame).ToArray()).SetArgDisplayNames(name);
}
