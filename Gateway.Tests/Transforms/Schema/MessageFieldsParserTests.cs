using Gateway.Tests.Transforms.Routes;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Schema;
using Google.Protobuf.Reflection;
using Yarp.ReverseProxy.Configuration;
using MessageOptions = Gateway.Transforms.Schema.MessageOptions;

namespace Gateway.Tests.Transforms.Schema;

/// <summary>Which fields of messages are ids and errors, by description.</summary>
[TestFixture]
internal sealed class MessageFieldsParserTests
{
    private static readonly RpcCatalogs Catalogs = new(new RpcCatalog(Descriptors.Build(Odd())));

    public static IEnumerable<TestCaseData> Mistakes()
    {
        yield return Case("SessionId", "sesion_id", "Route 'r': transform 'SessionId' is 'sesion_id', but AskReq has no field 'sesion_id'; did you mean 'session_id'? It has header, session_id, several, number, a.");
        yield return Case("SessionId", "9", "Route 'r': transform 'SessionId' is '9', but AskReq has no field '9'; it has header, session_id, several, number, a.");
        yield return Case("SessionId", "number", "Route 'r': transform 'SessionId' is 'number', but 'number' of AskReq is an int32; name a field that is a string.");
        yield return Case("SessionId", "several", "Route 'r': transform 'SessionId' is 'several', but 'several' of AskReq is a list of string; name a field that is there once.");
        yield return Case("SessionId", "a", "Route 'r': transform 'SessionId' is 'a', but 'a' of AskReq belongs to the oneof 'choice', where another field can take its place; name a field outside of it.");
        yield return Case("SessionId", "session_id.x", "Route 'r': transform 'SessionId' is 'session_id.x', but 'session_id' of AskReq is a string, which has no fields to name.");
        yield return Case("UserId", "session_id", "Route 'r': session id and user id are the same field of AskReq; say in 'UserId' where the user id goes, or '' for nowhere.");
        yield return Case("RequestId", "session_id", "Route 'r': the request id is the same field of AskReq as the session id; say in 'RequestId' where it is, or '' for nowhere.");
        yield return Case("Envelope", """{ "Message": "meta.word", "Code": "meta.word" }""", "Route 'r': Envelope: Message and Code are the same field of AskRsp, 'meta.word'; name another one, or '' for none.");
        yield return Case("UserId", "header.uid", "Route 'r': transform 'UserId' is 'header.uid', but Header has no field 'uid'; it has token, user_name.");
        yield return Case("Envelope", """{ "Message": "ok" }""", "Route 'r': Envelope:Message is 'ok', but 'ok' of AskRsp is a bool; name a field that is a string.");
        yield return Case("Envelope", """{ "Code": "ok" }""", "Route 'r': Envelope:Code is 'ok', but 'ok' of AskRsp is a bool; name a field that is a string or an int32 or an int64 or a uint32 or a uint64.");
        yield return Case("Envelope", """{ "Errmsg": "x" }""", "Route 'r': Envelope has no setting 'Errmsg'; it knows RequestId, Success, Message, Code.");
        yield return Case("Envelope", "ok", "Route 'r': transform 'Envelope' is 'ok'; write a group of settings, see docs/configuration.md.");

        static TestCaseData Case(string key, string value, params string[] sentences) => new TestCaseData(key, value, sentences).SetArgDisplayNames(key, value);
    }

    [TestCaseSource(nameof(Mistakes))]
    public void Mistake_IsNamedWithPlaceValueAndCure(string key, string value, string[] sentences)
    {
        var transform = new Dictionary<string, string> { ["Rpc"] = "odd.Service/Ask", ["Session"] = "Required", ["UserId"] = "" };
        transform[key] = value;
        List<string> errors = [];

        Assert.That(Parse(transform, errors), Is.Null);
        Assert.That(errors, Is.EqualTo(sentences));
    }

    [TestCase("session_id", 2)]
    [TestCase("2", 2)]
    [TestCase("header.token", 1)]
    [TestCase("1.1", 1)]
    public void Ids_ByNameOrNumberNestedOrNot_AreFound(string path, int outer)
    {
        List<string> errors = [];
        var route = Parse(new() { ["Rpc"] = "odd.Service/Ask", ["Session"] = "Required", ["SessionId"] = path, ["UserId"] = "header.user_name" }, errors);

        Assert.That(errors, Is.Empty);
        Assert.That((route!.Fields.OuterSessionId, route.Fields.OuterUserId), Is.EqualTo((outer, 1)));
        Assert.That(route.Fields.UserIdField("al").ToArray(), Is.EqualTo(new byte[] { 0x0A, 4, 0x12, 2, (byte)'a', (byte)'l' }));
    }

    [Test]
    public void UserId_Empty_IsNowhere()
    {
        List<string> errors = [];
        var route = Parse(new() { ["Rpc"] = "odd.Service/Ask", ["Session"] = "Required", ["UserId"] = "" }, errors);

        Assert.That(errors, Is.Empty);
        Assert.That(route!.Fields.UserIdField("alice").IsEmpty);
    }

    [TestCase("bite_im.UserService/GetUserInfo", "user_id", "GetUserInfoReq", "user_id")]
    [TestCase("bite_im.UserService/GetUserInfo", "", "GetUserInfoReq", "user_id")]
    [TestCase("bite_im.FriendService/FriendRemove", "peer_id", "FriendRemoveReq", "peer_id")]
    public void UserId_EmptyThoughTheMessageHasOne_IsRefused(string rpc, string forAll, string message, string field)
    {
        List<string> errors = [];

        Assert.That(Parse(new() { ["Rpc"] = rpc, ["Session"] = "Required", ["UserId"] = "" }, errors, new MessageOptions { UserId = forAll }), Is.Null);
        Assert.That(errors, Is.EqualTo(new[]
        {
            $"Route 'r': 'UserId' is '', but {message} has a field '{field}', and what a client writes there would reach the sub-service as its caller; "
            + "name the field that takes the caller's id, or leave 'UserId' out.",
        }));
    }

    [TestCase(null, "Route 'r': transform 'Session' is missing, and 'GetUserInfoReq' has no field 'token'; set it to 'Required', or to 'Anonymous' if everybody may call it.")]
    [TestCase("Required", "Route 'r': transform 'Session' is 'Required', but the request message 'GetUserInfoReq' has no string field 'token'; name the field of the session id in 'SessionId', or use 'Session': 'Anonymous'.")]
    public void SessionId_ThatIsMisspeltForAllRoutes_OpensNone(string? session, string sentence)
    {
        List<string> errors = [];
        var transform = new Dictionary<string, string> { ["Rpc"] = "bite_im.UserService/GetUserInfo" };
        if (session is not null)
        {
            transform["Session"] = session;
        }

        Assert.That(Parse(transform, errors, new MessageOptions { SessionId = "token" }), Is.Null);
        Assert.That(errors, Is.EqualTo(new[] { sentence }));
    }

    [TestCase("""{ "RequestId": "meta.id", "Success": "meta.fine", "Message": "meta.why", "Code": "code" }""", "0A0F 0A027231 1000 1A07 65787069726564 109103")]
    [TestCase("""{ "RequestId": "", "Message": "meta.why", "Code": "meta.word" }""", "0A1A 1A07 65787069726564 220F 73657373696F6E2D696E76616C6964")]
    public void Envelope_IsWrittenAsTheAnswerHasIt(string envelope, string bytes)
    {
        List<string> errors = [];
        var route = Parse(new() { ["Rpc"] = "odd.Service/Ask", ["Session"] = "Anonymous", ["Envelope"] = envelope }, errors);

        Assert.That(errors, Is.Empty);
        Assert.That(Convert.ToHexString(route!.Envelope.Encode("r1", "expired", "session-invalid", 401)), Is.EqualTo(bytes.Replace(" ", "", StringComparison.Ordinal)));
    }

    [Test]
    public void Envelope_SuccessOfTheRoute_IsWhatItsRulesGoBy()
    {
        List<string> errors = [];
        var route = Parse(
            new()
            {
                ["Rpc"] = "odd.Service/Ask",
                ["Session"] = "Required",
                ["UserId"] = "",
                ["Envelope"] = """{ "Success": "meta.fine" }""",
                ["Notify"] = """[{ "To": "request.several", "Set": { "friend_remove.user_id": "$caller" } }]""",
            },
            errors);

        Assert.That(errors, Is.Empty);
        var request = System.Buffers.ReadOnlySequence<byte>.Empty;
        Assert.That(route!.Events!.Success.Holds(route.Events.Read("alice", request, new([0x0A, 0x02, 0x10, 0x01]))));
        Assert.That(route.Events.Success.Holds(route.Events.Read("alice", request, new([0x0A, 0x02, 0x10, 0x00]))), Is.False);
    }

    /// <summary>As an environment variable without a value makes it.</summary>
    [Test]
    public void SessionId_Empty_OpensNoRoute()
    {
        List<string> errors = [];

        Assert.That(Parse(new() { ["Rpc"] = "bite_im.UserService/GetUserInfo", ["SessionId"] = "" }, errors), Is.Null);
        Assert.That(errors, Is.EqualTo(new[] { "Route 'r': transform 'Session' is missing, and 'SessionId' is ''; set it to 'Required', or to 'Anonymous' if everybody may call it." }));
    }

    /// <summary>JSON's null is no value: it says nothing, neither that there is no user id nor anything that breaks the program.</summary>
    [Test]
    public void Settings_Null_AreDefaults()
    {
        var messages = new MessageOptions { SessionId = null, UserId = null, RequestId = null, Envelope = null };
        var (users, events) = (new Gateway.Transforms.Events.UserDetailsOptions { ClusterId = null, Rpc = null }, new Gateway.Transforms.Events.EventOptions { Message = null });

        Assert.That((messages.SessionId, messages.UserId, messages.RequestId, messages.Envelope?.Success), Is.EqualTo(("session_id", "user_id", "request_id", "success")));
        Assert.That((users.ClusterId, users.Rpc, events.Message), Is.EqualTo(("", "", "NotifyMessage")));
    }

    private static RpcRoute? Parse(Dictionary<string, string> transform, List<string> errors, MessageOptions? messages = null) =>
        Parsers.Routes(Catalogs, messages: messages).Parse(new RouteConfig { RouteId = "r", ClusterId = "c", Transforms = [transform] }, transform, errors);

    private static FileDescriptorSet Odd() => new()
    {
        File =
        {
            new FileDescriptorProto
            {
                Name = "odd.proto",
                Package = "odd",
                Syntax = "proto3",
                MessageType =
                {
                    new DescriptorProto
                    {
                        Name = "AskReq",
                        OneofDecl = { new OneofDescriptorProto { Name = "choice" } },
                        Field =
                        {
                            Field("header", 1, FieldDescriptorProto.Types.Type.Message, type: ".odd.Header"), Field("session_id", 2),
                            Field("several", 3, isRepeated: true), Field("number", 4, FieldDescriptorProto.Types.Type.Int32), Field("a", 5, oneof: 0),
                        },
                    },
                    new DescriptorProto { Name = "Header", Field = { Field("token", 1), Field("user_name", 2) } },
                    new DescriptorProto
                    {
                        Name = "AskRsp",
                        Field =
                        {
                            Field("meta", 1, FieldDescriptorProto.Types.Type.Message, type: ".odd.Meta"), Field("code", 2, FieldDescriptorProto.Types.Type.Int32),
                            Field("ok", 3, FieldDescriptorProto.Types.Type.Bool),
                        },
                    },
                    new DescriptorProto
                    {
                        Name = "Meta",
                        OneofDecl = { new OneofDescriptorProto { Name = "_fine" } },
                        Field = { Field("id", 1), Field("fine", 2, FieldDescriptorProto.Types.Type.Bool, oneof: 0, isOptional: true), Field("why", 3), Field("word", 4) },
                    },
                },
                Service = { new ServiceDescriptorProto { Name = "Service", Method = { new MethodDescriptorProto { Name = "Ask", InputType = ".odd.AskReq", OutputType = ".odd.AskRsp" } } } },
            },
        },
    };

    private static FieldDescriptorProto Field(
        string name, int number, FieldDescriptorProto.Types.Type kind = FieldDescriptorProto.Types.Type.String, string? type = null, bool isRepeated = false, int? oneof = null, bool isOptional = false)
    {
        var field = new FieldDescriptorProto
        {
            Name = name, Number = number, Type = kind, Label = isRepeated ? FieldDescriptorProto.Types.Label.Repeated : FieldDescriptorProto.Types.Label.Optional,
        };
        if (type is not null)
        {
            field.TypeName = type;
        }

        if (oneof is { } index)
        {
            field.OneofIndex = index;
        }

        if (isOptional)
        {
            field.Proto3Optional = true;
        }

        return field;
    }
}
