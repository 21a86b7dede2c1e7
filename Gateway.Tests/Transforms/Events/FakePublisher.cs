using Gateway.Protocol;
using Gateway.Transforms.Events;

namespace Gateway.Tests.Transforms.Events;

/// <summary>Keeps copies of what it is given, as it was at that moment; fails or hangs when told to.</summary>
internal sealed class FakePublisher : IEventPublisher
{
    public List<(string Recipients, NotifyMessage Message)> Published { get; } = [];

    public Func<CancellationToken, Task> Before { get; set; } = _ => Task.CompletedTask;

    public async Task PublishAsync(Notification notification, CancellationToken cancellationToken)
    {
        await Before(cancellationToken);
        Published.Add((string.Join(',', notification.Recipients), notification.Message.Clone()));
    }
}
