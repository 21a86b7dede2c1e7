using System.Collections.Concurrent;
using Gateway.Protocol;
using Gateway.Transforms.Events;

namespace Gateway.Tests.Support;

/// <summary>Keeps what the notify hub would be given.</summary>
internal sealed class RecordingPublisher : IEventPublisher
{
    private readonly ConcurrentQueue<(IReadOnlyList<string> Recipients, NotifyMessage Message)> _notifications = new();

    /// <summary>Thrown instead of accepting, when set.</summary>
    public Exception? Failure { get; set; }

    public IReadOnlyList<(IReadOnlyList<string> Recipients, NotifyMessage Message)> Notifications => [.. _notifications];

    public Task PublishAsync(Notification notification, CancellationToken cancellationToken)
    {
        if (Failure is not null)
        {
            return Task.FromException(Failure);
        }

        var bytes = new byte[notification.Length];
        notification.WriteTo(bytes);
        _notifications.Enqueue((notification.Recipients, NotifyMessage.Parser.ParseFrom(bytes)));
        return Task.CompletedTask;
    }
}
