using System.Text;
using Gateway.Notify.Delivery;
using Gateway.Notify.Delivery.Redis;
using Gateway.Notify.Protocol;
using Gateway.Protocol;
using Gateway.Protocol.NotifyV2;
using Google.Protobuf;

namespace Gateway.Tests.Notify;

/// <summary>Frames written by hand, and notices read by hand.</summary>
[TestFixture]
internal sealed class FramesTests
{
    [Test]
    public void EventHead_AndTheBody_AreTheFrameThatProtobufWouldWrite(
        [Values(0UL, 1UL, 127UL, 128UL, ulong.MaxValue)] ulong sequence, [Values(0, 1, 100, 130, 70_000)] int text)
    {
        var notify = new NotifyMessage { NotifyEventId = new string('x', text), NotifyType = NotifyType.FriendRemoveNotify };
        var body = notify.ToByteArray();
        byte[] written = [.. ExtendedFrames.EventHead(sequence, body.Length), .. body];
        Assert.That(written, Is.EqualTo(new ServerFrame { Event = new Event { Sequence = sequence, Notify = notify } }.ToByteArray()));
    }

    [Test]
    public void Notice_OfAnEvent_IsReadAsTheScriptWritesIt()
    {
        var id = Guid.NewGuid();
        var notice = (HubNotice.Event)HubNotice.Parse(Encoding.UTF8.GetBytes($"E 0123abcd 42 {id:N} 1764000000000 0\nbody\nwith line feeds"))!;
        Assert.That(notice.Position, Is.EqualTo(new FeedPosition("0123abcd", 42)));
        Assert.That((notice.HubEvent.Id, notice.HubEvent.PublishedAt, notice.IsElsewhere), Is.EqualTo((id, 1764000000000L, false)));
        Assert.That(Encoding.UTF8.GetString(notice.HubEvent.Body.Span), Is.EqualTo("body\nwith line feeds"));
    }

    [TestCase("")]
    [TestCase("E")]
    [TestCase("E \n")]
    [TestCase("E a b c d e\n")]
    [TestCase("E a 1 2 3 0")]
    [TestCase("Z later version")]
    public void Notice_OfAnotherKind_IsNothing(string text) => Assert.That(HubNotice.Parse(Encoding.UTF8.GetBytes(text)), Is.Null);

    [Test]
    public void Notice_OfADisconnect_NamesTheSessionOrNone()
    {
        Assert.That(HubNotice.Parse("D s-1"u8.ToArray()), Is.EqualTo(new HubNotice.Disconnect("s-1")));
        Assert.That(HubNotice.Parse(Encoding.UTF8.GetBytes(HubNotice.DisconnectMessage(null))), Is.EqualTo(new HubNotice.Disconnect((string?)null)));
    }
}
