using System.Buffers;
using BenchmarkDotNet.Attributes;
using Gateway.Bench.Micro.Parts;
using Gateway.Protocol;
using Gateway.Transforms.Events;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Gateway.Bench.Micro.Benchmarks;

/// <summary>Makes the event of a chat message, and its bytes.</summary>
public class Events
{
    private const int Targets = 100;

    private readonly NotifyMessage _plain = Samples.Event(avatar: 0);
    private readonly NotifyMessage _withAvatar = Samples.Event(Samples.AvatarBytes);
    private readonly NewMessageEvents _source = new();
    private readonly EventDispatcher _dispatcher = new(new Nobody(), new Nobody(), Options.Create(new EventOptions()), TimeProvider.System, NullLogger<EventDispatcher>.Instance);
    private readonly ReadOnlySequence<byte> _request = new(Samples.NewMessage("How are you?").ToByteArray());
    private readonly ReadOnlySequence<byte> _largeRequest = new(Samples.LargeRequest);
    private readonly byte[] _answer = Samples.TransmitAnswer(avatar: 0, Targets);
    private readonly byte[] _answerWithAvatar = Samples.TransmitAnswer(Samples.AvatarBytes, Targets);
    private readonly byte[] _answerOfLargeText = Samples.TransmitAnswer(avatar: 0, Targets, new string('x', Samples.LargeText));

    [Benchmark]
    public byte[] Serialize() => _plain.ToByteArray();

    [Benchmark]
    public byte[] SerializeWithAvatar() => _withAvatar.ToByteArray();

    /// <summary>From the sub-service's answer to the client's, with a hundred targets in between.</summary>
    [Benchmark]
    public ValueTask<IMessage> Make() => _source.HandleAsync(Samples.UserId, _request, _answer, _dispatcher);

    [Benchmark]
    public ValueTask<IMessage> MakeWithAvatar() => _source.HandleAsync(Samples.UserId, _request, _answerWithAvatar, _dispatcher);

    [Benchmark]
    public ValueTask<IMessage> MakeOfLargeText() => _source.HandleAsync(Samples.UserId, _largeRequest, _answerOfLargeText, _dispatcher);

    /// <summary>Takes events and does nothing; chat messages ask for no details of users.</summary>
    private sealed class Nobody : IEventPublisher, IUserDirectory
    {
        private static readonly Dictionary<string, UserInfo> None = [];

        public Task PublishAsync(Notification notification, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<IReadOnlyDictionary<string, UserInfo>> FindAsync(IReadOnlyCollection<string> userIds, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyDictionary<string, UserInfo>>(None);
    }
}
