using System.Buffers;
using BenchmarkDotNet.Attributes;
using Gateway.Bench.Micro.Parts;
using Gateway.Protocol;
using Gateway.Transforms.Events;
using Gateway.Transforms.Schema;
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
    private readonly RouteEvents _events = NewMessage();
    private readonly EventDispatcher _dispatcher = new(
        new Nobody(), new Nobody(), Options.Create(new EventOptions()), Options.Create(new UserDetailsOptions()), TimeProvider.System, NullLogger<EventDispatcher>.Instance);
    private readonly ReadOnlySequence<byte> _request = new(Samples.NewMessage("How are you?").ToByteArray());
    private readonly ReadOnlySequence<byte> _largeRequest = new(Samples.LargeRequest);
    private readonly byte[] _answer = Samples.TransmitAnswer(avatar: 0, Targets);
    private readonly byte[] _answerWithAvatar = Samples.TransmitAnswer(Samples.AvatarBytes, Targets);
    private readonly byte[] _answerOfLargeText = Samples.TransmitAnswer(avatar: 0, Targets, new string('x', Samples.LargeText));

    [Benchmark]
    public byte[] Serialize() => _plain.ToByteArray();

    [Benchmark]
    public byte[] SerializeWithAvatar() => _withAvatar.ToByteArray();

    /// <summary>From the sub-service's answer to the client's, with a hundred targets in between. Returns the length of that.</summary>
    [Benchmark]
    public ValueTask<int> Make() => MakeAsync(_request, _answer);

    [Benchmark]
    public ValueTask<int> MakeWithAvatar() => MakeAsync(_request, _answerWithAvatar);

    [Benchmark]
    public ValueTask<int> MakeOfLargeText() => MakeAsync(_largeRequest, _answerOfLargeText);

    private async ValueTask<int> MakeAsync(ReadOnlySequence<byte> request, byte[] answer)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(answer.Length);
        answer.CopyTo(buffer, 0);
        await _dispatcher.DispatchAsync("message-new-message", _events, Samples.UserId, request, buffer.AsMemory(0, answer.Length));
        var length = _events.Reply!.Edit(buffer.AsMemory(0, answer.Length));
        ArrayPool<byte>.Shared.Return(buffer);
        return length;
    }

    /// <summary>As in yarp.json.</summary>
    private static RouteEvents NewMessage()
    {
        List<string> errors = [];
        new RpcCatalog([]).TryFind("MsgTransmitService/GetTransmitTarget", out var method, out _);
        var events = new RuleParser(Options.Create(new EventOptions()), Options.Create(new UserDetailsOptions()), new MessageFieldsParser(Options.Create(new MessageOptions()))).Parse(
            "Route", "message-new-message", "", method!, hasCaller: true, "success", new Dictionary<string, string>
            {
                [TransformKeys.Notify] = """
                    [{
                      "To": "answer.target_id_list", "Except": "caller",
                      "Set": { "notify_type": "CHAT_MESSAGE_NOTIFY", "new_message_info.message_info": "$answer.message" }
                    }]
                    """,
                [TransformKeys.Reply] = """{ "Keep": [ "request_id", "success", "errmsg" ] }""",
            }, new RpcCatalog([]), errors);
        return events ?? throw new InvalidOperationException(string.Join(' ', errors));
    }

    /// <summary>Takes events, copies them as the hub does, and does nothing; chat messages ask nobody anything.</summary>
    private sealed class Nobody : IEventPublisher, ISubServices
    {
        public Task PublishAsync(Notification notification, CancellationToken cancellationToken)
        {
            var frame = new byte[notification.Length];
            notification.WriteTo(frame);
            return Task.CompletedTask;
        }

        public Task<byte[]> AskAsync(string clusterId, string path, ReadOnlySequence<byte> request, int maxAnswer, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("Nobody is asked.");
    }
}
