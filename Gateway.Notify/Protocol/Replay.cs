using Gateway.Notify.Connections;
using Gateway.Notify.Delivery;

namespace Gateway.Notify.Protocol;

/// <summary>Answers a client that asks for what came after a position.</summary>
internal static class Replay
{
    /// <param name="connection">Who asks.</param>
    /// <param name="from">The position asked for.</param>
    /// <param name="missed">What came after it.</param>
    /// <param name="metrics">Counts them.</param>
    public static void Send(NotifyConnection connection, FeedPosition from, Missed missed, NotifyMetrics metrics)
    {
        var (top, events) = missed;
        connection.TryEnqueue(ExtendedFrames.Resumed(events is not null, events is null ? top : from), asReplay: true);
        foreach (var (sequence, hubEvent) in events ?? [])
        {
            connection.TryEnqueue(
                new Outbound(ExtendedFrames.EventHead(sequence, hubEvent.Body.Length), hubEvent), asReplay: true);
        }

        metrics.Replayed(events?.Count ?? 0);
    }
}
