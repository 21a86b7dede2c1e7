using System.Net.WebSockets;
using Gateway.Notify.Protocol;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Tests.Notify.Protocol;

/// <summary>Frames made by hand are those that .NET's own WebSocket makes.</summary>
[TestFixture]
internal sealed class BinaryFrameTests
{
    [Test]
    public async Task Of_AnyLength_IsWhatAWebSocketWrites([Values(0, 1, 125, 126, 127, 65_535, 65_536, 100_000)] int length)
    {
        var payload = new byte[length];
        new Random(length).NextBytes(payload);
        using var written = new MemoryStream();
        using var socket = WebSocket.CreateFromStream(written, new WebSocketCreationOptions { IsServer = true });
        await socket.SendAsync(payload, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

        Assert.That(BinaryFrame.Of(payload), Is.EqualTo(written.ToArray()));
    }

    [Test]
    public void Event_OfAMessageOrOfItsBytes_HasTheSameFrame([Values(0, 100, 200, 70_000)] int text)
    {
        var message = new NotifyMessage { NotifyEventId = new string('x', text), NotifyType = NotifyType.FriendRemoveNotify };
        var body = message.ToByteArray();
        foreach (var sut in new[] { HubEvent.Of(Guid.Empty, body.Length, body.CopyTo, 1), HubEvent.Of(Guid.Empty, body, 1) })
        {
            Assert.That(sut.Body.ToArray(), Is.EqualTo(body));
            Assert.That(sut.Frame.ToArray(), Is.EqualTo(BinaryFrame.Of(body)));
        }
    }
}
