using Gateway.Notify.Protocol;
using Gateway.Protocol;
using Gateway.Protocol.NotifyV2;
using Google.Protobuf;

namespace Gateway.Tests.Notify.Protocol;

/// <summary>Frames written by hand.</summary>
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
}
