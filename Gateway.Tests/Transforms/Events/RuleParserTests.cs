using Gateway.Protocol;
using Gateway.Tests.Transforms.Schema;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Tests.Transforms.Events;

/// <summary>Rules as operators write them: what they mean, and what is said of mistakes.</summary>
[TestFixture]
internal sealed class RuleParserTests
{
    private static readonly MethodDescriptor Create = FriendReflection.Descriptor.Services[0].FindMethodByName("ChatSessionCreate");
    private static readonly MethodDescriptor Process = FriendReflection.Descriptor.Services[0].FindMethodByName("FriendAddProcess");

    private EventHarness _harness = null!;

    [SetUp]
    public void SetUp() => _harness = new EventHarness();

    [TearDown]
    public void TearDown() => _harness.Dispose();

    [TestCase("""[{ "To": "request.aply_user_id", "Set": { "notify_event_id": "x" } }]""",
        "Route 'r': Notify:0:To is 'request.aply_user_id', but FriendAddProcessReq has no field 'aply_user_id'; did you mean 'apply_user_id'? It has request_id, notify_event_id, agree, apply_user_id, session_id, user_id.")]
    [TestCase("""[{ "To": "request.agree", "Set": { "notify_event_id": "x" } }]""",
        "Route 'r': Notify:0:To is 'request.agree', but that is a bool; recipients are user ids, so name a field that is a string or a list of strings.")]
    [TestCase("""[{ "To": "somebody", "Set": { "notify_event_id": "x" } }]""",
        "Route 'r': Notify:0:To is 'somebody', but 'somebody' names nothing; write 'caller', 'user(...)', or a field as 'request.field', 'answer.field'.")]
    [TestCase("""[{ "Set": { "notify_event_id": "x" } }]""",
        "Route 'r': Notify:0 has no 'To'; name who is told, as \"request.user_id\" or \"caller\".")]
    [TestCase("""[{ "To": "caller" }]""",
        "Route 'r': Notify:0:Set is missing; say there which fields of NotifyMessage have which values.")]
    [TestCase("""[{ "To": "caller", "Wen": "request.agree", "Set": { "notify_event_id": "x" } }]""",
        "Route 'r': Notify:0 has no setting 'Wen'; did you mean 'When'? It knows To, Except, When, Set.")]
    [TestCase("""[{ "To": "caller", "Set": { "notify_typ": "x" } }]""",
        "Route 'r': Notify:0:Set:notify_typ is 'x', but NotifyMessage has no field 'notify_typ'; did you mean 'notify_type'? It has notify_event_id, notify_type, friend_add_apply, friend_process_result, new_chat_session_info, new_message_info, friend_remove.")]
    [TestCase("""[{ "To": "caller", "Set": { "notify_type": "FRIEND_REMOVED_NOTIFY" } }]""",
        "Route 'r': Notify:0:Set:notify_type is 'FRIEND_REMOVED_NOTIFY', but NotifyType has no value 'FRIEND_REMOVED_NOTIFY'; did you mean 'FRIEND_REMOVE_NOTIFY'? It has FRIEND_ADD_APPLY_NOTIFY, FRIEND_ADD_PROCESS_NOTIFY, CHAT_SESSION_CREATE_NOTIFY, CHAT_MESSAGE_NOTIFY, FRIEND_REMOVE_NOTIFY.")]
    [TestCase("""[{ "To": "caller", "Set": { "notify_event_id": "$request.agree" } }]""",
        "Route 'r': Notify:0:Set:notify_event_id is '$request.agree', but that is a bool, and 'notify_event_id' of NotifyMessage is a string; name a field of the same kind.")]
    [TestCase("""[{ "To": "caller", "Set": { "notify_event_id": "$user(caller)" } }]""",
        "Route 'r': Notify:0:Set:notify_event_id is '$user(caller)', but that is a UserInfo, and 'notify_event_id' of NotifyMessage is a string; name a field of the same kind.")]
    [TestCase("""[{ "To": "caller", "Set": { "friend_remove": "bob" } }]""",
        "Route 'r': Notify:0:Set:friend_remove is 'bob', but 'friend_remove' of NotifyMessage is a NotifyFriendRemove; set its fields, or take a message from request or answer.")]
    [TestCase("""[{ "To": "caller", "Set": { "friend_process_result.agree": "yes" } }]""",
        "Route 'r': Notify:0:Set:friend_process_result.agree is 'yes', but a bool is 'true' or 'false'.")]
    [TestCase("""[{ "To": "caller", "Set": { "notify_event_id.length": "x" } }]""",
        "Route 'r': Notify:0:Set:notify_event_id.length is 'x', but 'notify_event_id' of NotifyMessage is a string, which has no fields to name.")]
    [TestCase("""[{ "To": "caller", "When": "request.agree or", "Set": { "notify_event_id": "x" } }]""",
        "Route 'r': Notify:0:When is \"request.agree or\", but it ends where a value should stand.")]
    [TestCase("""[{ "To": "caller", "When": "request.agree == 'yes'", "Set": { "notify_event_id": "x" } }]""",
        "Route 'r': Notify:0:When is \"request.agree == 'yes'\", but a text is compared with a number.")]
    [TestCase("""[{ "To": "caller", "When": "request.request_id < 'a'", "Set": { "notify_event_id": "x" } }]""",
        "Route 'r': Notify:0:When is \"request.request_id < 'a'\", but texts are equal or not; '<' is for numbers.")]
    [TestCase("""[{ "To": "caller", "When": "request.agree && true", "Set": { "notify_event_id": "x" } }]""",
        "Route 'r': Notify:0:When is \"request.agree && true\", but '&' is no name, number, text in single quotes or operator; write 'and'.")]
    [TestCase("""[{ "To": "caller", "When": [ "request.agree" ], "Set": { "notify_event_id": "x" } }]""",
        "Route 'r': Notify:0:When is '[ \"request.agree\" ]'; write it as one text.")]
    [TestCase("""[{ "To": "caller", "When": "!(request.apply_user_id == 'x')", "Set": { "notify_event_id": "x" } }]""",
        "Route 'r': Notify:0:When is \"!(request.apply_user_id == 'x')\", but '!' is no name, number, text in single quotes or operator; write 'not'.")]
    [TestCase("""[{ "To": "caller", "When": "size(request.apply_user_id) > 1.2.3", "Set": { "notify_event_id": "x" } }]""",
        "Route 'r': Notify:0:When is \"size(request.apply_user_id) > 1.2.3\", but '1.2.3' is no number.")]
    [TestCase("""[{ "To": "user(caller).user_id", "Set": { "notify_event_id": "x" } }]""",
        "Route 'r': Notify:0:To is 'user(caller).user_id', but details of users are for showing, not for deciding; name a field of request or answer.")]
    [TestCase("""[{ "To": "caller", "Set": { "notify_event_id": "$user(user(caller).phone).nickname" } }]""",
        "Route 'r': Notify:0:Set:notify_event_id is '$user(user(caller).phone).nickname', but 'user(user(caller).phone).nickname' asks for a user of whom the user service has to be asked first; name a field of request or answer, or 'caller'.")]
    [TestCase("""[{ "To": "caller", "Set": { "notify_event_id": [ "$caller" ] } }]""",
        "Route 'r': Notify:0:Set:notify_event_id is '[ \"$caller\" ]', but that is no single value; write one text or number, and a field within it by its path.")]
    [TestCase("""[{ "To": "caller", "Set": { "notify_event_id": "x", "1": "y" } }]""",
        "Route 'r': Notify:0:Set:1 is 'y', but 'notify_event_id' is set as well, which is the same field; keep one of them.")]
    [TestCase("""[{ "To": "caller", "Set": { "friend_add_apply.user_info": "$user(caller)", "3.1.1": "y" } }]""",
        "Route 'r': Notify:0:Set:3.1.1 is 'y', but 'friend_add_apply.user_info' is set as a whole; keep one of them.")]
    [TestCase("""[{ "To": "caller", "Set": { "3.1.1": "y", "friend_add_apply.user_info": "$user(caller)" } }]""",
        "Route 'r': Notify:0:Set:friend_add_apply.user_info is '$user(caller)', but '3.1.1' is set within it; keep one of them.")]
    [TestCase("\"FriendAddProcess\"",
        "Route 'r': transform 'Notify' is '\"FriendAddProcess\"'; write a list of rules, see docs/configuration.md.")]
    [TestCase("FriendAddProcess",
        "Route 'r': transform 'Notify' is 'FriendAddProcess'; write a list of rules, see docs/configuration.md.")]
    public void Parse_Mistake_NamesPlaceValueAndCure(string notify, string sentence) => AssertMistake(new() { ["Notify"] = notify }, sentence);

    [TestCase("""{ "Clear": [ "new_sesion_id" ] }""",
        "Route 'r': Reply:Clear is 'new_sesion_id', but FriendAddProcessRsp has no field 'new_sesion_id'; did you mean 'new_session_id'? It has request_id, success, errmsg, new_session_id.")]
    [TestCase("""{ "Clear": [ "errmsg" ], "Keep": [ "success" ] }""",
        "Route 'r': Reply needs either 'Clear', with the fields the client is not to read, or 'Keep', with those it is to.")]
    public void Parse_MistakeInTheReply_IsTold(string reply, string sentence) => AssertMistake(new() { ["Reply"] = reply }, sentence);

    [TestCase("""{ "members": { "Rpc": "bite_im.FriendService/GetMembers", "Set": { "user_id": "$caller" } } }""",
        "Route 'r': Ask:members:Rpc is 'bite_im.FriendService/GetMembers', but 'bite_im.FriendService' has no method 'GetMembers'; it has GetFriendList, FriendRemove, FriendAdd, FriendAddProcess, FriendSearch, GetChatSessionList, ChatSessionCreate, GetChatSessionMember, GetPendingFriendEventList.")]
    [TestCase("""{ "request": { "Rpc": "bite_im.FriendService/GetChatSessionMember", "Set": { "user_id": "$caller" } } }""",
        "Route 'r': Ask:request: 'request' cannot be the name of a look-up; use letters and digits, and none of request, answer, caller, user.")]
    [TestCase("""{ "": { "Rpc": "bite_im.FriendService/GetChatSessionMember", "Set": { "user_id": "$caller" } } }""",
        "Route 'r': Ask:: '' cannot be the name of a look-up; use letters and digits, and none of request, answer, caller, user.")]
    [TestCase("""{ "members": { "ClusterId": [ "user" ], "Rpc": "bite_im.FriendService/GetChatSessionMember", "Set": { "user_id": "$caller" } } }""",
        "Route 'r': Ask:members:ClusterId is '[ \"user\" ]'; write it as one text.")]
    public void Parse_MistakeInALookUp_IsTold(string ask, string sentence) =>
        AssertMistake(new() { ["Ask"] = ask, ["Notify"] = """[{ "To": "caller", "Set": { "notify_event_id": "x" } }]""" }, sentence);

    [Test]
    public void Parse_TwoFieldsOfAOneof_AreRefused()
    {
        _harness.Settings.Message = "ServerFrame";
        List<string> errors = [];
        var settings = new Dictionary<string, string> { ["Notify"] = """[{ "To": "caller", "Set": { "heartbeat.sequence": "1", "event.sequence": "1" } }]""" };

        Assert.That(_harness.Parse(Process, settings, errors, sets: Gateway.Protocol.NotifyV2.NotifyV2Reflection.Descriptor), Is.Null);
        Assert.That(errors, Is.EqualTo(new[]
        {
            "Route 'r': Notify:0:Set:event.sequence is '1', but 'heartbeat.sequence' is set, and of the oneof 'frame' only one can be there; keep one of them.",
        }));
    }

    [TestCase("not ", "")]
    [TestCase("(", ")")]
    public void Parse_ConditionOfAnyDepth_IsRefusedAndTakesNoStack(string open, string close)
    {
        const int Depth = 200_000;
        var when = string.Concat(Enumerable.Repeat(open, Depth)) + "request.agree" + string.Concat(Enumerable.Repeat(close, Depth));
        List<string> errors = [];

        Assert.That(_harness.Parse(Process, new Dictionary<string, string> { ["Notify"] = $$"""[{ "To": "caller", "When": "{{when}}", "Set": { "notify_event_id": "x" } }]""" }, errors), Is.Null);
        Assert.That(errors.Single(), Does.EndWith("but more than 100 'not' and '(' stand within each other; take some out."));
    }

    [Test]
    public void Parse_CallerOfAnAnonymousRoute_IsRefused() => AssertMistake(
        new() { ["Notify"] = """[{ "To": "caller", "Set": { "notify_event_id": "x" } }]""" },
        "Route 'r': Notify:0:To is 'caller', but an anonymous route has no caller; set 'Session' to 'Required', or name a field.",
        hasCaller: false);

    [Test]
    public void Parse_ASettingOfEventsWithoutEvents_IsRefused() => AssertMistake(
        new() { ["Succeeded"] = "answer.success" },
        "Route 'r': transform 'Succeeded' is for events, and there are none; add 'Notify', or take 'Succeeded' out.");

    [TestCase("request.agree", true)]
    [TestCase("not request.agree", false)]
    [TestCase("request.agree == true", true)]
    [TestCase("request.apply_user_id == 'alice'", true)]
    [TestCase("request.apply_user_id != caller", true)]
    [TestCase("caller == 'bob' and (request.agree == false or answer.new_session_id == 'c1')", true)]
    [TestCase("size(answer.new_session_id) == 2", true)]
    [TestCase("size(answer.new_session_id) >= 3", false)]
    [TestCase("has(answer.errmsg)", false)]
    [TestCase("has(request.agree) and not answer.errmsg", true)]
    [TestCase("not not request.agree and request.notify_event_id", false)]
    public async Task When_Condition_DecidesWhetherAnybodyIsTold(string when, bool told)
    {
        var events = Parse(Process, new() { ["Notify"] = $$"""[{ "To": "caller", "When": "{{when}}", "Set": { "notify_event_id": "x" } }]""" });

        await _harness.HandleAsync(
            events, "bob", new FriendAddProcessReq { Agree = true, ApplyUserId = "alice" }.ToByteArray(), new FriendAddProcessRsp { Success = true, NewSessionId = "c1" }.ToByteArray());

        Assert.That(_harness.Publisher.Published, Has.Count.EqualTo(told ? 1 : 0));
    }

    [Test]
    public async Task To_ListsAndExcept_TellEachOnce()
    {
        var events = Parse(Create, new()
        {
            ["Notify"] = """
                [{
                  "To": [ "caller", "request.member_id_list", "answer.chat_session_info.single_chat_friend_id" ], "Except": [ "request.user_id" ],
                  "Set": { "notify_event_id": "$$x", "notify_type": 3, "friend_remove.user_id": "$answer.chat_session_info.chat_session_id" }
                }]
                """,
        });

        await _harness.HandleAsync(
            events, "bob",
            new ChatSessionCreateReq { UserId = "dan", MemberIdList = { "alice", "bob", "", "dan", "alice" } }.ToByteArray(),
            new ChatSessionCreateRsp { Success = true, ChatSessionInfo = new ChatSessionInfo { ChatSessionId = "c1", SingleChatFriendId = "eve" } }.ToByteArray());

        Assert.That(_harness.Publisher.Published, Is.EqualTo(new[]
        {
            ("bob,alice,eve", new NotifyMessage { NotifyEventId = "$x", NotifyType = NotifyType.ChatMessageNotify, FriendRemove = new NotifyFriendRemove { UserId = "c1" } }),
        }));
    }

    /// <summary>An answer of 72 MiB may hold 36 million of them.</summary>
    [Test]
    public void To_OneIdAMillionTimes_TakesLittleMoreThanTheirPlaces()
    {
        const int Count = 1_000_000;
        var answer = System.Buffers.ReadOnlySequence<byte>.Empty;
        var request = new ChatSessionCreateReq { MemberIdList = { Enumerable.Repeat("", Count).Append("bob") } }.ToByteArray();
        var events = Parse(Create, new() { ["Notify"] = """[{ "To": "request.member_id_list", "Set": { "notify_event_id": "x" } }]""" });

        var before = GC.GetAllocatedBytesForCurrentThread();
        var recipients = events.Rules[0].Recipients(events.Read("alice", new(request), answer));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(recipients, Is.EqualTo(new[] { "bob" }));
        Assert.That(allocated / Count, Is.LessThan(24));
    }

    [TestCase(false, "")]
    [TestCase(true, "1000")]
    public async Task ExplicitDefaults_WriteConstantsThatAreDefaults(bool isExplicit, string bytes)
    {
        _harness.Settings.ExplicitDefaults = isExplicit;
        var events = Parse(Process, new() { ["Notify"] = """[{ "To": "caller", "Set": { "notify_type": "FRIEND_ADD_APPLY_NOTIFY" } }]""" });

        await _harness.HandleAsync(events, "bob", [], new FriendAddProcessRsp { Success = true }.ToByteArray());

        Assert.That(_harness.Publisher.Bytes.Select(Convert.ToHexString), Is.EqualTo(new[] { bytes }));
    }

    [Test]
    public async Task Ask_WhomToTell_IsAskedOnceForAllRules()
    {
        const string Path = "/bite_im.FriendService/GetChatSessionMember";
        List<GetChatSessionMemberReq> asked = [];
        _harness.Services.Methods[Path] = request =>
        {
            asked.Add(GetChatSessionMemberReq.Parser.ParseFrom(request));
            return new GetChatSessionMemberRsp { Success = true, MemberInfoList = { new UserInfo { UserId = "alice" }, new UserInfo { UserId = "bob", Nickname = "B" }, new UserInfo() } }.ToByteArray();
        };
        const string Rule = """{ "To": "members.member_info_list.user_id", "Except": "caller", "Set": { "friend_remove.user_id": "$request.apply_user_id" } }""";
        var events = Parse(Process, new()
        {
            ["Ask"] = """{ "members": { "Rpc": "bite_im.FriendService/GetChatSessionMember", "Set": { "user_id": "$caller", "chat_session_id": "$answer.new_session_id" } } }""",
            ["Notify"] = $"[{Rule},{Rule}]",
        });

        await _harness.HandleAsync(
            events, "bob", new FriendAddProcessReq { ApplyUserId = "eve" }.ToByteArray(), new FriendAddProcessRsp { Success = true, NewSessionId = "c1" }.ToByteArray());

        Assert.That(asked, Is.EqualTo(new[] { new GetChatSessionMemberReq { UserId = "bob", ChatSessionId = "c1" } }));
        Assert.That(_harness.Publisher.Published.Select(told => told.Recipients), Is.EqualTo(new[] { "alice", "alice" }));
    }

    /// <summary>Also where a rule that does not hold has asked first.</summary>
    [Test]
    public async Task Ask_ByAConditionAndByARecipient_IsAskedOnce()
    {
        var asked = 0;
        _harness.Services.Methods["/bite_im.FriendService/GetChatSessionMember"] = _ =>
        {
            asked++;
            return new GetChatSessionMemberRsp { Success = true, MemberInfoList = { new UserInfo { UserId = "alice" } } }.ToByteArray();
        };
        var events = Parse(Process, new()
        {
            ["Ask"] = """{ "members": { "Rpc": "bite_im.FriendService/GetChatSessionMember", "Set": { "user_id": "$caller" } } }""",
            ["Notify"] = """
                [{ "To": "caller", "When": "size(members.member_info_list) > 5", "Set": { "notify_event_id": "x" } },
                 { "To": "members.member_info_list.user_id", "Set": { "notify_event_id": "y" } }]
                """,
        });

        await _harness.HandleAsync(events, "bob", [], new FriendAddProcessRsp { Success = true }.ToByteArray());

        Assert.That(asked, Is.EqualTo(1));
        Assert.That(_harness.Publisher.Published.Select(told => (told.Recipients, told.Message.NotifyEventId)), Is.EqualTo(new[] { ("alice", "y") }));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Ask_Fails_CostsWhatNeedsItAlone(bool throws)
    {
        _harness.Services.Methods["/bite_im.FriendService/GetChatSessionMember"] = _ =>
            throws ? throw new InvalidOperationException("away") : new GetChatSessionMemberRsp { Success = false }.ToByteArray();
        var events = Parse(Process, new()
        {
            ["Ask"] = """{ "members": { "Rpc": "bite_im.FriendService/GetChatSessionMember", "Set": { "user_id": "$caller" } } }""",
            ["Notify"] = """
                [{ "To": "members.member_info_list.user_id", "Set": { "notify_event_id": "x" } },
                 { "To": "caller", "Set": { "notify_event_id": "y" } }]
                """,
        });

        var reply = await _harness.HandleAsync(events, "bob", [], new FriendAddProcessRsp { Success = true }.ToByteArray());

        Assert.That(FriendAddProcessRsp.Parser.ParseFrom(reply).Success, Is.True);
        Assert.That(_harness.Publisher.Published.Select(told => told.Message.NotifyEventId), Is.EqualTo(new[] { "y" }));
        Assert.That(_harness.Log.Named("LookUpFailed"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Succeeded_ByAnotherField_ReplacesSuccess()
    {
        var events = Parse(Process, new()
        {
            ["Succeeded"] = "answer.new_session_id != ''",
            ["Notify"] = """[{ "To": "caller", "Set": { "notify_event_id": "x" } }]""",
        });

        await _harness.HandleAsync(events, "bob", [], new FriendAddProcessRsp { NewSessionId = "c1" }.ToByteArray());
        await _harness.HandleAsync(events, "bob", [], new FriendAddProcessRsp { Success = true }.ToByteArray());

        Assert.That(_harness.Publisher.Published, Has.Count.EqualTo(1));
    }

    /// <summary>Even where the rules go by the request alone.</summary>
    [Test]
    public void Answer_ThatIsNoMessage_TellsNobody()
    {
        var events = Parse(Process, new() { ["Succeeded"] = "request.agree", ["Notify"] = """[{ "To": "caller", "Set": { "notify_event_id": "x" } }]""" });

        Assert.That(
            () => _harness.HandleAsync(events, "bob", new FriendAddProcessReq { Agree = true }.ToByteArray(), [0x0A, 0x7F]),
            Throws.InstanceOf<Gateway.Transforms.Wire.MalformedFieldException>());
        Assert.That(_harness.Publisher.Published, Is.Empty);
    }

    [TestCase("$caller", "fields stand without '$' here; write 'caller'")]
    [TestCase("$request.apply_user_id", "fields stand without '$' here; write 'request.apply_user_id'")]
    public void Parse_DollarBeforeARecipient_IsToldWithTheCure(string to, string problem) => AssertMistake(
        new() { ["Notify"] = $$"""[{ "To": "{{to}}", "Set": { "friend_remove.user_id": "x" } }]""" },
        $"Route 'r': Notify:0:To is '{to}', but {problem}.");

    [Test]
    public void Parse_MessageOfAnotherFile_IsOfTheSameKindOnlyIfItsFieldsAre()
    {
        var settings = new Dictionary<string, string> { ["Notify"] = """[{ "To": "caller", "Set": { "friend_add_apply.user_info": "$user(caller)" } }]""" };
        List<string> errors = [];
        var sameFields = Descriptors.Chat("alfa_im");
        var swapped = Descriptors.Chat("alfa_im", file =>
        {
            foreach (var field in file.MessageType.Where(message => message.Name == "UserInfo").SelectMany(message => message.Field))
            {
                field.Number = field.Number is 3 or 4 ? 7 - field.Number : field.Number;
            }
        });

        Assert.That(_harness.Parse(Process, settings, errors, sets: sameFields), Is.Not.Null, string.Join(' ', errors));
        Assert.That(_harness.Parse(Process, settings, errors, sets: swapped), Is.Null);
        Assert.That(errors, Is.EqualTo(new[]
        {
            "Route 'r': Notify:0:Set:friend_add_apply.user_info is '$user(caller)', but that is a UserInfo, and 'user_info' of NotifyFriendAddApply is a UserInfo with other fields, of another file; name a field of the same kind.",
        }));
    }

    [Test]
    public void Parse_EnumOfAnotherFile_IsOfTheSameKindOnlyIfItsNumbersAre()
    {
        var settings = new Dictionary<string, string> { ["Notify"] = """[{ "To": "caller", "Set": { "new_chat_session_info.chat_session_info": "$answer.chat_session_info" } }]""" };
        List<string> errors = [];
        var swapped = Descriptors.Chat("alfa_im", file =>
        {
            foreach (var value in file.EnumType.Where(type => type.Name == "MessageType").SelectMany(type => type.Value))
            {
                value.Number = value.Number is 1 or 3 ? 4 - value.Number : value.Number;
            }
        });

        Assert.That(_harness.Parse(Create, settings, errors, sets: Descriptors.Chat("alfa_im")), Is.Not.Null, string.Join(' ', errors));
        Assert.That(_harness.Parse(Create, settings, errors, sets: swapped), Is.Null);
        Assert.That(errors, Has.Count.EqualTo(1));
        Assert.That(errors[0], Does.Contain("a ChatSessionInfo with other fields, of another file"));
    }

    private Gateway.Transforms.Events.RouteEvents Parse(MethodDescriptor method, Dictionary<string, string> settings)
    {
        List<string> errors = [];
        var events = _harness.Parse(method, settings, errors);
        Assert.That(errors, Is.Empty);
        return events!;
    }

    private void AssertMistake(Dictionary<string, string> settings, string sentence, bool hasCaller = true)
    {
        List<string> errors = [];
        Assert.That(_harness.Parse(Process, settings, errors, hasCaller), Is.Null);
        Assert.That(errors, Is.EqualTo(new[] { sentence }));
    }
}
