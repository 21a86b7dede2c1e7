using Gateway.Protocol.NotifyV2;
using Google.Protobuf;

namespace Gateway.Notify.Protocol;

/// <summary>The frames the hub sends to clients of gateway.notify.v2; see proto/notify_v2.proto.</summary>
internal static class ExtendedFrames
{
    public const string Subprotocol = "gateway.notify.v2";

    /// <summary>What plain clients may call what they speak: a browser that offers anything wants one of it chosen.</summary>
    public const string PlainSubprotocol = "gateway.notify.v1";

    private static readonly uint EventTag = WireFormat.MakeTag(ServerFrame.EventFieldNumber, WireFormat.WireType.LengthDelimited);
    private static readonly uint SequenceTag = WireFormat.MakeTag(Event.SequenceFieldNumber, WireFormat.WireType.Varint);
    private static readonly uint NotifyTag = WireFormat.MakeTag(Event.NotifyFieldNumber, WireFormat.WireType.LengthDelimited);

    public static Outbound Welcome(string connectionId, FeedPosition position, TimeSpan heartbeat) => Frame(new ServerFrame
    {
        Welcome = new Welcome
        {
            ConnectionId = connectionId,
            Epoch = position.Epoch,
            Sequence = position.Sequence,
            HeartbeatIntervalMs = (uint)heartbeat.TotalMilliseconds,
        },
    });

    public static Outbound Resumed(bool resumed, FeedPosition position) =>
        Frame(new ServerFrame { Resumed = new Resumed { Resumed_ = resumed, Epoch = position.Epoch, Sequence = position.Sequence } });

    public static Outbound Heartbeat(FeedPosition position) =>
        Frame(new ServerFrame { Heartbeat = new Heartbeat { Epoch = position.Epoch, Sequence = position.Sequence } });

    public static Outbound Drain(TimeSpan delay, TimeSpan jitter) =>
        Frame(new ServerFrame { Drain = new Drain { ReconnectDelayMs = (uint)delay.TotalMilliseconds, JitterMs = (uint)jitter.TotalMilliseconds } });

    public static Outbound SessionExpired(TimeSpan deadline) =>
        Frame(new ServerFrame { SessionExpired = new SessionExpired { DeadlineMs = (uint)deadline.TotalMilliseconds } });

    public static Outbound Authenticated() => Frame(new ServerFrame { Authenticated = new Authenticated() });

    /// <summary>All of an event's frame but the serialized NotifyMessage, which follows it: so that it is neither parsed nor copied.</summary>
    public static byte[] EventHead(ulong sequence, int bodyLength)
    {
        var sequenceSize = sequence == 0 ? 0 : CodedOutputStream.ComputeUInt32Size(SequenceTag) + CodedOutputStream.ComputeUInt64Size(sequence);
        var notifySize = CodedOutputStream.ComputeUInt32Size(NotifyTag) + CodedOutputStream.ComputeLengthSize(bodyLength);
        var eventLength = sequenceSize + notifySize + bodyLength;
        var head = new byte[CodedOutputStream.ComputeUInt32Size(EventTag) + CodedOutputStream.ComputeLengthSize(eventLength) + sequenceSize + notifySize];
        using var output = new CodedOutputStream(head);
        output.WriteTag(EventTag);
        output.WriteLength(eventLength);
        if (sequence != 0)
        {
            output.WriteTag(SequenceTag);
            output.WriteUInt64(sequence);
        }

        output.WriteTag(NotifyTag);
        output.WriteLength(bodyLength);
        output.CheckNoSpaceLeft();
        return head;
    }

    private static Outbound Frame(ServerFrame frame) => new(frame.ToByteArray(), null);
}
