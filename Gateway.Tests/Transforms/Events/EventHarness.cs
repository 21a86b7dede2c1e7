using System.Buffers;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Transforms.Events;
using Google.Protobuf;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Transforms.Events;

/// <summary>An <see cref="EventDispatcher"/> between two fakes, with a clock that tests move.</summary>
internal sealed class EventHarness : IDisposable
{
    public EventHarness() =>
        Dispatcher = new EventDispatcher(Directory, Publisher, Options.Create(Settings), Time, Log.CreateLogger<EventDispatcher>());

    public FakeUserDirectory Directory { get; } = new();

    public FakePublisher Publisher { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public EventOptions Settings { get; } = new();

    public RecordingLoggerProvider Log { get; } = new();

    public EventDispatcher Dispatcher { get; }

    public static UserInfo Alice => new() { UserId = "alice", Nickname = "Alice", Description = "hi", Phone = "1", Avatar = ByteString.CopyFromUtf8("A") };

    public static UserInfo Bob => new() { UserId = "bob", Nickname = "Bob", Avatar = ByteString.CopyFromUtf8("B") };

    public Task<IMessage> HandleAsync(IEventSource source, string authorId, IMessage request, IMessage answer) =>
        source.HandleAsync(authorId, new ReadOnlySequence<byte>(request.ToByteArray()), answer.ToByteArray(), Dispatcher).AsTask();

    public static IEnumerable<(string Recipients, NotifyMessage Message)> Readable(IEnumerable<Notification> notifications) =>
        notifications.Select(notification => (string.Join(',', notification.Recipients), notification.Message));

    public static UserDetails Details(params UserInfo[] users) => new(users.ToDictionary(user => user.UserId));

    public void Dispose() => Log.Dispose();
}
