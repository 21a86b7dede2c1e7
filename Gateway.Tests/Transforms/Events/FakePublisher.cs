using Gateway.Protocol;
using Gateway.Transforms.Events;

namespace Gateway.Tests.Transforms.Events;

/// <summary>Keeps what it is given, as it was at that moment; fails or hangs when told to.</summary>
internal sealed class FakePublisher : IEventPublisher
{
    public List<(string Recipients, NotifyMessage Message)> Published { get; } = [];

    public List<byte[]> Bytes { get; } = [];

    public Func<CancellationToken, Task> Before { get; set; } = _ => Task.CompletedTask;

    public async Task PublishAsync(Notification notification, CancellationToken cancellationToken)
    {
        var bytes = new byte[notification.Length];
        notification.WriteTo(bytes);
        await Before(cancellationToken);
        Bytes.Add(bytes);
        Published.Add((string.Join(',', notification.Recipients), NotifyMessage.Parser.ParseFrom(bytes)));
    }
}
