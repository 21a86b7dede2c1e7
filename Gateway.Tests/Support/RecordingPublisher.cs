using System.Collections.Concurrent;
using Gateway.Transforms.Events;

namespace Gateway.Tests.Support;

/// <summary>Keeps what the notify hub would be given.</summary>
internal sealed class RecordingPublisher : IEventPublisher
{
    private readonly ConcurrentQueue<Notification> _notifications = new();

    /// <summary>Thrown instead of accepting, when set.</summary>
    public Exception? Failure { get; set; }

    public IReadOnlyList<Notification> Notifications => [.. _notifications];

    public Task PublishAsync(Notification notification, CancellationToken cancellationToken)
    {
        if (Failure is not null)
        {
            return Task.FromException(Failure);
        }

        _notifications.Enqueue(notification);
        return Task.CompletedTask;
    }
}
