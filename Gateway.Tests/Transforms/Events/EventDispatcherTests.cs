using Gateway.Chaos.Fuzzing.Targets;
using Gateway.Protocol;
using Gateway.Tests.Support;
using Gateway.Transforms.Wire;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Transforms.Events;

/// <summary>From the bytes of a call to its notifications, with neighbours that fail.</summary>
[TestFixture]
internal sealed class EventDispatcherTests
{
    private static readonly FriendAddProcessReq Request = new() { RequestId = "r1", UserId = "bob", ApplyUserId = "alice", Agree = true };
    private static readonly FriendAddProcessRsp Answer = new() { RequestId = "r1", Success = true, NewSessionId = "c1" };
    private static readonly FriendAddProcessRsp Reply = new() { RequestId = "r1", Success = true };
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    private const string Route = "friend-add-friend-process";

    private EventHarness _harness = null!;

    [SetUp]
    public void SetUp()
    {
        _harness = new EventHarness();
        _harness.Services.Users["alice"] = EventHarness.Alice;
        _harness.Services.Users["bob"] = EventHarness.Bob;
    }

    [TearDown]
    public void TearDown() => _harness.Dispose();

    [Test]
    public async Task Handle_AllWell_PublishesInOrderBeforeTheReply()
    {
        var reply = await HandleAsync().DefaultTimeout();

        Assert.That(FriendAddProcessRsp.Parser.ParseFrom(reply), Is.EqualTo(Reply));
        Assert.That(_harness.Publisher.Published, Is.EqualTo(Expected(EventHarness.Alice, EventHarness.Bob)));
        Assert.That(_harness.Services.Asked, Has.Count.EqualTo(1), "One look-up for all of a call");
        Assert.That(_harness.Log.Entries, Is.Empty);
    }

    [Test]
    public async Task Handle_RequestNamesAnotherUser_TheSessionsUserIsTheAuthor()
    {
        await _harness.HandleAsync("friend-remove-friend", "alice", new FriendRemoveReq { UserId = "mallory", PeerId = "bob" }, new FriendRemoveRsp { Success = true })
            .DefaultTimeout();

        Assert.That(_harness.Publisher.Published.Single().Message.FriendRemove.UserId, Is.EqualTo("alice"));
    }

    private static IEnumerable<TestCaseData> Failures()
    {
        yield return Case("friend-add-friend-apply", new FriendAddReq { RespondentId = "bob" },
            new FriendAddRsp { RequestId = "r1", Errmsg = "no" }, new FriendAddRsp { RequestId = "r1", Errmsg = "no" });
        yield return Case("friend-add-friend-process", Request,
            new FriendAddProcessRsp { RequestId = "r1", Errmsg = "no", NewSessionId = "c1" }, new FriendAddProcessRsp { RequestId = "r1", Errmsg = "no" });
        yield return Case("friend-remove-friend", new FriendRemoveReq { PeerId = "bob" },
            new FriendRemoveRsp { RequestId = "r1", Errmsg = "no" }, new FriendRemoveRsp { RequestId = "r1", Errmsg = "no" });
        yield return Case("friend-create-chat-session", new ChatSessionCreateReq { MemberIdList = { "alice", "bob" } },
            new ChatSessionCreateRsp { RequestId = "r1", Errmsg = "no", ChatSessionInfo = new ChatSessionInfo() },
            new ChatSessionCreateRsp { RequestId = "r1", Errmsg = "no" });
        yield return Case("message-new-message", new NewMessageReq { ChatSessionId = "c1" },
            new GetTransmitTargetRsp { RequestId = "r1", Errmsg = "no", TargetIdList = { "bob" } }, new NewMessageRsp { RequestId = "r1", Errmsg = "no" });

        static TestCaseData Case(string source, IMessage request, IMessage answer, IMessage reply) =>
            new TestCaseData(source, request, answer, reply).SetName($"{nameof(Handle_SuccessIsFalse_TellsNobody)}({source})");
    }

    [TestCaseSource(nameof(Failures))]
    public async Task Handle_SuccessIsFalse_TellsNobody(string source, IMessage request, IMessage answer, IMessage expected)
    {
        var reply = await _harness.HandleAsync(source, "alice", request, answer).DefaultTimeout();

        Assert.That(expected.Descriptor.Parser.ParseFrom(reply), Is.EqualTo(expected));
        Assert.That(_harness.Publisher.Published, Is.Empty);
        Assert.That(_harness.Services.Asked, Is.Empty);
    }

    [Test]
    public async Task Handle_NobodyToLookUp_DoesNotAskTheDirectory()
    {
        _harness.Services.Before = _ => throw new InvalidOperationException("Nobody should ask.");

        await _harness.HandleAsync("friend-remove-friend", "alice", new FriendRemoveReq { PeerId = "bob" }, new FriendRemoveRsp { Success = true }).DefaultTimeout();

        Assert.That(_harness.Services.Asked, Is.Empty);
        Assert.That(_harness.Publisher.Published, Has.Count.EqualTo(1));
        Assert.That(_harness.Log.Entries, Is.Empty);
    }

    [Test]
    public async Task Handle_LookUpThrows_PublishesIdsAlone()
    {
        var failure = new InvalidOperationException("user service down");
        _harness.Services.Before = _ => throw failure;

        var reply = await HandleAsync().DefaultTimeout();

        Assert.That(FriendAddProcessRsp.Parser.ParseFrom(reply), Is.EqualTo(Reply));
        AssertIdsAlone();
        Assert.That(_harness.Log.Entries.Select(entry => entry.Exception), Is.All.SameAs(failure));
    }

    [Test]
    public async Task Handle_LookUpThrowsAgainAndAgain_IsOneLineASecond()
    {
        _harness.Services.Before = _ => throw new InvalidOperationException("user service down");
        for (var call = 0; call < 1000; call++)
        {
            await HandleAsync().DefaultTimeout();
        }

        _harness.Time.Advance(TimeSpan.FromSeconds(1));
        await HandleAsync().DefaultTimeout();

        Assert.That(_harness.Log.Entries.Select(entry => entry.Message), Is.EqualTo(new[] { 0, 999 }.Select(suppressed =>
            $"Route 'friend-add-friend-process': the details of 2 user(s) could not be looked up; only their ids are told ({suppressed} like it since the last such line were not logged)")));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Handle_LookUpHangs_PublishesIdsAloneWhenItsTimeIsOver(bool heedsCancellation)
    {
        _harness.Services.Before = token => new TaskCompletionSource().Task.WaitAsync(heedsCancellation ? token : CancellationToken.None);

        var handling = HandleAsync();
        _harness.Time.Advance(_harness.Settings.LookUpTimeout - Tick);
        Assert.That(handling.IsCompleted, Is.False);
        _harness.Time.Advance(Tick);

        Assert.That(FriendAddProcessRsp.Parser.ParseFrom(await handling.DefaultTimeout()), Is.EqualTo(Reply));
        AssertIdsAlone();
    }

    [Test]
    public async Task Handle_UserServiceKnowsOneOfTwo_TellsTheOtherByIdAlone()
    {
        _harness.Services.Users.Remove("alice");

        await HandleAsync().DefaultTimeout();

        Assert.That(_harness.Publisher.Published, Is.EqualTo(Expected(new UserInfo { UserId = "alice" }, EventHarness.Bob)));
        Assert.That(_harness.Log.Entries, Is.Empty);
    }

    [Test]
    public async Task Handle_PublisherThrows_RepliesAllTheSame()
    {
        var failure = new InvalidOperationException("bus down");
        _harness.Publisher.Before = _ => throw failure;

        Assert.That(FriendAddProcessRsp.Parser.ParseFrom(await HandleAsync().DefaultTimeout()), Is.EqualTo(Reply));
        AssertPublishFailed();
        Assert.That(_harness.Log.Entries.Select(entry => entry.Exception), Is.All.SameAs(failure));
    }

    [Test]
    public async Task Handle_OnePublishFails_TheOthersGoOut()
    {
        var first = true;
        _harness.Publisher.Before = _ =>
        {
            var fails = first;
            first = false;
            return fails ? throw new InvalidOperationException("the hub is away") : Task.CompletedTask;
        };

        Assert.That(FriendAddProcessRsp.Parser.ParseFrom(await HandleAsync().DefaultTimeout()), Is.EqualTo(Reply));
        Assert.That(_harness.Publisher.Published.Select(published => published.Message.NotifyType), Is.EqualTo(new[]
        {
            NotifyType.ChatSessionCreateNotify, NotifyType.ChatSessionCreateNotify,
        }));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Handle_PublisherHangs_RepliesWhenItsTimeIsOver(bool heedsCancellation)
    {
        _harness.Publisher.Before = token => new TaskCompletionSource().Task.WaitAsync(heedsCancellation ? token : CancellationToken.None);

        var handling = HandleAsync();
        _harness.Time.Advance(_harness.Settings.PublishTimeout - Tick);
        Assert.That(handling.IsCompleted, Is.False);
        _harness.Time.Advance(Tick);

        Assert.That(FriendAddProcessRsp.Parser.ParseFrom(await handling.DefaultTimeout()), Is.EqualTo(Reply));
        AssertPublishFailed();
    }

    [Test]
    public void Handle_AnswerIsNoMessage_Throws()
    {
        Assert.That(
            async () => await _harness.HandleAsync(_harness.Shipped(Route), "bob", Request.ToByteArray(), [0x0A, 0x05], Route),
            Throws.InstanceOf<MalformedFieldException>());
        Assert.That(_harness.Publisher.Published, Is.Empty);
    }

    private Task<byte[]> HandleAsync() => _harness.HandleAsync(Route, "bob", Request, Answer);

    private void AssertIdsAlone()
    {
        Assert.That(_harness.Publisher.Published, Is.EqualTo(Expected(new UserInfo { UserId = "alice" }, new UserInfo { UserId = "bob" })));
        var entry = _harness.Log.Entries.Single();
        Assert.That((entry.Level, entry.EventId.Name), Is.EqualTo((LogLevel.Warning, "UserLookUpFailed")));
        Assert.That(entry.Message, Is.EqualTo("Route 'friend-add-friend-process': the details of 2 user(s) could not be looked up; only their ids are told (0 like it since the last such line were not logged)"));
    }

    private void AssertPublishFailed()
    {
        Assert.That(
            _harness.Log.Entries.Select(entry => (entry.Level, entry.EventId.Name, entry.Message)),
            Is.EqualTo(new[]
            {
                (LogLevel.Warning, "PublishFailed", "Route 'friend-add-friend-process': the event FRIEND_ADD_PROCESS_NOTIFY could not be handed to the notify hub (0 like it since the last such line were not logged)"),
            }));
    }

    private static IReadOnlyList<(string Recipients, NotifyMessage Message)> Expected(UserInfo alice, UserInfo bob) =>
        EventOracle.Of(Route, "bob", Request.ToByteArray(), Answer.ToByteArray(), id => id == "alice" ? alice : bob).Told;
}
