using System.Buffers;
using System.Buffers.Binary;
using Gateway.Protocol;
using Gateway.Proxy.Routing;
using Gateway.Transforms.Events;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Schema;
using Gateway.Transforms.Wire;
using Google.Protobuf;
using Microsoft.Extensions.Options;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>
/// A call of one of the five notifying routes of yarp.json: a byte that says which and who calls, the length of the request in two bytes, the request and
/// the answer. The rules may refuse either for what they cannot read. What they tell, and what they leave for the client, is what protobuf's own objects make
/// of it; a request or answer as a serializer writes it is never refused.
/// </summary>
internal sealed class EventsTarget : IFuzzTarget, ISubServices
{
    private const int HeadBytes = 3;

    private static readonly Dictionary<string, UserInfo> Users = new(StringComparer.Ordinal)
    {
        ["alice"] = new() { UserId = "alice", Nickname = "Alice", Description = "hi", Phone = "1", Avatar = ByteString.CopyFromUtf8("A") },
        ["bob"] = new() { UserId = "bob", Nickname = "Bob", Avatar = ByteString.CopyFromUtf8("B") },
    };

    private static readonly (string Id, MessageParser Request, MessageParser Answer)[] Calls =
    [
        ("friend-add-friend-apply", FriendAddReq.Parser, FriendAddRsp.Parser),
        ("friend-add-friend-process", FriendAddProcessReq.Parser, FriendAddProcessRsp.Parser),
        ("friend-remove-friend", FriendRemoveReq.Parser, FriendRemoveRsp.Parser),
        ("friend-create-chat-session", ChatSessionCreateReq.Parser, ChatSessionCreateRsp.Parser),
        ("message-new-message", NewMessageReq.Parser, GetTransmitTargetRsp.Parser),
    ];

    private readonly RpcRoute[] _routes;

    public EventsTarget()
    {
        var settings = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "yarp.json")).Build();
        var set = RouteSettings.Read(settings.GetSection(RoutingExtensions.SectionName), new RouteOrigins(), "", "");
        var messages = new MessageFieldsParser(Options.Create(new MessageOptions()));
        var users = new UserDetailsOptions { ClusterId = "user", Rpc = "bite_im.UserService/GetMultiUserInfo" };
        var parser = new RpcRouteParser(new RpcCatalogs(), messages, new RuleParser(Options.Create(new EventOptions()), Options.Create(users), messages), SessionSources.BodyAlone, Options.Create(new RpcOptions()));
        _routes = [.. Calls.Select(call => set.Routes.Single(route => route.RouteId == call.Id)).Select(route => parser.Parse(route, RpcRouteParser.FindTransform(route)!, [])!)];
    }

    public string Name => "events";

    public IReadOnlyList<byte[]> Words => [];

    public bool Accepts(byte[] input, Dice dice)
    {
        if (input.Length < HeadBytes)
        {
            return false;
        }

        var (number, caller) = (input[0] % Calls.Length, input[0] >= 128 ? "mallory" : "alice");
        var rest = input.AsSpan(HeadBytes);
        var length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(input.AsSpan(1)), rest.Length);
        var (request, answer) = (rest[..length].ToArray(), rest[length..].ToArray());
        var (_, requests, answers) = Calls[number];
        var (asked, answered) = (TryParse(requests, request), TryParse(answers, answer));

        var told = Tell(number, caller, request, answer, dice);
        DisagreementException.Unless(told is null || asked is not null, "a request is sent on that no parser reads");
        if (asked is not null && answered is not null)
        {
            if (told is { IsUnreadable: false })
            {
                Compare(Expected(number, caller, request, answer), told);
            }

            (request, answer) = (asked.ToByteArray(), answered.ToByteArray());
            var plain = Tell(number, caller, request, answer, dice);
            DisagreementException.Unless(plain is { IsUnreadable: false }, "what a serializer has written is refused");
            Compare(Expected(number, caller, request, answer), plain!);
        }

        return told is { IsUnreadable: false };
    }

    public Task<byte[]> AskAsync(string clusterId, string path, ReadOnlySequence<byte> request, int maxAnswer, CancellationToken cancellationToken) => Task.FromResult(
        new GetMultiUserInfoRsp
        {
            Success = true,
            UsersInfo = { GetMultiUserInfoReq.Parser.ParseFrom(request).UsersId.Where(Users.ContainsKey).ToDictionary(id => id, id => Users[id]) },
        }.ToByteArray());

    private static (IReadOnlyList<(string Recipients, NotifyMessage Message)> Told, IMessage Reply) Expected(int number, string caller, byte[] request, byte[] answer) =>
        EventOracle.Of(Calls[number].Id, caller, request, answer, id => Users.GetValueOrDefault(id) ?? new UserInfo { UserId = id });

    /// <summary>What the gateway makes of a call; null where it refuses request or answer.</summary>
    private Call? Tell(int number, string caller, byte[] request, byte[] answer, Dice dice)
    {
        var route = _routes[number];
        var message = Pieces.SequenceOf(request, dice);
        if (MessageScanner.Scan(message, route.Fields).Problem is not null || !MessageCheck.IsSound(message, route.Events!.Request.Type))
        {
            return null;
        }

        var call = new Call();
        var dispatcher = new EventDispatcher(
            this, call, Options.Create(new EventOptions()), Options.Create(new UserDetailsOptions()), TimeProvider.System, new UnreadableLog(call));
        byte[] reply = [.. answer];
        try
        {
            dispatcher.DispatchAsync(route.RouteId, route.Events, caller, message, answer).AsTask().GetAwaiter().GetResult();
            call.Reply = route.Events.Reply is { } fields ? reply[..fields.Edit(reply)] : reply;
            return call;
        }
        catch (MalformedFieldException)
        {
            return null;
        }
    }

    private static void Compare((IReadOnlyList<(string Recipients, NotifyMessage Message)> Told, IMessage Reply) expected, Call call)
    {
        DisagreementException.Unless(
            expected.Told.SequenceEqual(call.Told),
            $"protobuf's objects tell [{string.Join(' ', expected.Told)}], the rules [{string.Join(' ', call.Told)}]");
        var parser = expected.Reply.Descriptor.Parser.WithDiscardUnknownFields(true);
        DisagreementException.Unless(
            parser.ParseFrom(call.Reply).Equals(parser.ParseFrom(expected.Reply.ToByteArray())), $"the client is to read {expected.Reply}, and reads {parser.ParseFrom(call.Reply)}");
    }

    private static IMessage? TryParse(MessageParser parser, byte[] bytes)
    {
        try
        {
            // What it discards it does not check as well.
            parser.ParseFrom(bytes);
            return parser.WithDiscardUnknownFields(true).ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    /// <summary>What was told in one call.</summary>
    private sealed class Call : IEventPublisher
    {
        public List<(string Recipients, NotifyMessage Message)> Told { get; } = [];

        public byte[] Reply { get; set; } = [];

        /// <summary>Some of it was left out, because the answer could not be read.</summary>
        public bool IsUnreadable { get; set; }

        public Task PublishAsync(Notification notification, CancellationToken cancellationToken)
        {
            var bytes = new byte[notification.Length];
            notification.WriteTo(bytes);
            Told.Add((string.Join(',', notification.Recipients), NotifyMessage.Parser.ParseFrom(bytes)));
            return Task.CompletedTask;
        }
    }

    private sealed class UnreadableLog(Call call) : ILogger<EventDispatcher>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            // Look-ups do not fail here, and neither does the publisher unless an event cannot be read.
            call.IsUnreadable = exception is null ? true : throw new DisagreementException($"{formatter(state, exception)}: {exception.Message}");
        }
    }
}
