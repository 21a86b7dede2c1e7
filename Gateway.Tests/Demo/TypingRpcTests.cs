using ChatDemo.Members.Protocol;
using ChatDemo.Services;
using ChatDemo.Storage;
using Gateway.Protocol.PushV1;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using PushClient = Gateway.Protocol.PushV1.Push.PushClient;

namespace Gateway.Tests.Demo;

/// <summary>Nobody is told that somebody is typing whose clients have not asked for it.</summary>
[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class TypingRpcTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-typing-");
    private readonly FakeTimeProvider _time = new();
    private readonly FakePush _push = new();
    private readonly string _chat;
    private readonly TypingRpc _sut;

    public TypingRpcTests()
    {
        var database = new Database(new DataFolder(_folder.FullName));
        _chat = database.Change(connection =>
        {
            foreach (var user in new[] { "alice", "bob", "carol" })
            {
                using var command = connection.CreateCommand();
                command.CommandText = $"INSERT INTO users (user_id, nickname, password_hash, phone) VALUES ('{user}', '{user}', '', NULL)";
                command.ExecuteNonQuery();
            }

            return connection.AddChat("", isSingle: false, ["alice", "bob"]);
        });
        _sut = new TypingRpc(database, _push, _time);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Test]
    public async Task Typing_IsToldToThoseWhoHaveAsked_AndHaveNoPlainSocket()
    {
        await SayAsync("alice", isTyping: true);
        Assert.That(_push.Told, Is.Empty, "Nobody has asked");

        await SayAsync("bob", isTyping: false);
        _push.Told.Clear();
        _push.Protocols = ["gateway.notify.v2", "plain"];
        await SayAsync("alice", isTyping: true);
        Assert.That(_push.Told, Is.Empty, "A plain client would not know the event");

        _push.Protocols = ["gateway.notify.v2"];
        await SayAsync("alice", isTyping: true);
        Assert.That(_push.Told.Single().UserIds, Is.EqualTo(new[] { "bob" }));
        Assert.That(NotifyMessage.Parser.ParseFrom(_push.Told.Single().Message), Is.EqualTo(new NotifyMessage
        {
            NotifyType = NotifyType.TypingNotify,
            Typing = new NotifyTyping { ChatSessionId = _chat, UserId = "alice", Nickname = "alice", At = _time.GetUtcNow().ToUnixTimeMilliseconds() },
        }));
    }

    [Test]
    public async Task Stopped_IsToldWithoutAName()
    {
        await SayAsync("bob", isTyping: false);

        await SayAsync("alice", isTyping: false);

        var typing = NotifyMessage.Parser.ParseFrom(_push.Told.Single().Message).Typing;
        Assert.That((typing.UserId, typing.Nickname), Is.EqualTo(("alice", "")));
    }

    [Test]
    public async Task Asking_HoldsForAWhile()
    {
        await SayAsync("bob", isTyping: false);
        _time.Advance(TimeSpan.FromMinutes(11));

        await SayAsync("alice", isTyping: true);

        Assert.That(_push.Told, Is.Empty);
    }

    [Test]
    public void Stranger_IsRefused() => Assert.That(() => SayAsync("carol", isTyping: true), Throws.InstanceOf<RefusedException>());

    private Task<SetTypingRsp> SayAsync(string user, bool isTyping) => _sut.SetTyping(new SetTypingReq { UserId = user, ChatSessionId = _chat, IsTyping = isTyping }, null!);

    /// <summary>A gateway on which everybody has sockets of these protocols.</summary>
    private sealed class FakePush : PushClient
    {
        public string[] Protocols { get; set; } = ["gateway.notify.v2"];

        public List<PublishRequest> Told { get; } = [];

        public override AsyncUnaryCall<FindOnlineResponse> FindOnlineAsync(FindOnlineRequest request, Metadata? headers, DateTime? deadline, CancellationToken cancellationToken) =>
            Answer(new FindOnlineResponse
            {
                Users = { request.UserIds.Select(user => new OnlineUser { UserId = user, Sockets = { Protocols.Select(protocol => new Socket { Protocol = protocol }) } }) },
            });

        public override AsyncUnaryCall<PublishResponse> PublishAsync(PublishRequest request, Metadata? headers, DateTime? deadline, CancellationToken cancellationToken)
        {
            Told.Add(request);
            return Answer(new PublishResponse());
        }

        private static AsyncUnaryCall<T> Answer<T>(T answer) =>
            new(Task.FromResult(answer), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
    }
}
