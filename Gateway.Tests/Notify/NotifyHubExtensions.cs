using Gateway.Notify.Delivery;
using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Tests.Notify;

internal static class NotifyHubExtensions
{
    /// <summary>Publishes an event of the wire contract.</summary>
    public static Task PublishAsync(this NotifyHub hub, IReadOnlyList<string> recipients, NotifyMessage message, CancellationToken cancellationToken)
    {
        var bytes = message.ToByteArray();
        return hub.PublishAsync(recipients, message.NotifyType.ToString(), bytes.Length, bytes.CopyTo, cancellationToken);
    }
}
