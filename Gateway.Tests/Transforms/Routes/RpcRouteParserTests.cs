using Gateway.Tests.Transforms.Schema;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Schema;
using Gateway.Transforms.Wire;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Transforms.Routes;

[TestFixture]
internal sealed class RpcRouteParserTests
{
    private const string Rule = """[{ "To": "request.respondent_id", "Set": { "friend_remove.user_id": "$caller" } }]""";

    private readonly RpcOptions _options = new();
    private RpcRouteParser _sut = null!;

    [SetUp]
    public void SetUp() => _sut = Parsers.Routes(new RpcCatalogs(new RpcCatalog(Descriptors.Build(Descriptors.Shop))), options: _options);

    [Test]
    public void Parse_EverythingSet_IsTaken()
    {
        var transform = Rpc("chen_im.FriendService/FriendAdd", ("Session", "Required"), ("Notify", Rule));

        var route = Parse(Route(transform) with { Timeout = TimeSpan.FromSeconds(3), MaxRequestBodySize = 1000 });

        Assert.That(route, Is.EqualTo(new RpcRoute(
            "r", "/chen_im.FriendService/FriendAdd", new MessageFields(1, 2, 3), route!.Envelope, SessionMode.Required, route!.Events, 1000, TimeSpan.FromSeconds(3))));
        Assert.That(route.Events!.Rules, Has.Count.EqualTo(1));
    }

    [Test]
    public void Parse_NothingButTheRpc_HasTheDefaults()
    {
        (_options.DefaultTimeout, _options.DefaultMaxRequestBodySize) = (TimeSpan.FromSeconds(7), 5000);

        var route = Parse(Route(Rpc("bite_im.UserService/UserLogin")));

        Assert.That(route, Is.EqualTo(new RpcRoute(
            "r", "/bite_im.UserService/UserLogin", new MessageFields(1, 0, 0), route!.Envelope, SessionMode.Anonymous, null, 5000, TimeSpan.FromSeconds(7))));
    }

    [TestCase("bite_im.UserService/GetUserInfo", null, SessionMode.Required)]
    [TestCase("bite_im.UserService/GetUserInfo", "Required", SessionMode.Required)]
    [TestCase("bite_im.UserService/GetUserInfo", "Anonymous", SessionMode.Anonymous)]
    [TestCase("bite_im.UserService/UserLogin", null, SessionMode.Anonymous)]
    [TestCase("bite_im.UserService/UserLogin", "Anonymous", SessionMode.Anonymous)]
    [TestCase("shop.Cart/Add", "Required", SessionMode.Required)]
    [TestCase("shop.Cart/Number", "Anonymous", SessionMode.Anonymous)]
    [TestCase("shop.Cart/Odd", "Anonymous", SessionMode.Anonymous)]
    public void Parse_Session_IsAskedForWhereverTheMessageHasOne(string rpc, string? session, object expected)
    {
        var transform = session is null ? Rpc(rpc) : Rpc(rpc, ("Session", session));

        Assert.That(Parse(Route(transform))?.Session, Is.EqualTo(expected));
    }

    [TestCase("bite_im.UserService", "is 'bite_im.UserService'; write it as 'package.Service/Method'")]
    [TestCase("shop.Cart/Watch", "is 'shop.Cart/Watch', a streaming method; only unary methods can be routed")]
    [TestCase("a.SpeechService/X", "is 'a.SpeechService/X', but 'a.SpeechService' has no method 'X'; it has SpeechRecognition")]
    public void Parse_RpcUnusable_SaysWhy(string rpc, string problem) =>
        AssertErrors(Route(Rpc(rpc, ("Session", "Required"))), $"Route 'r': transform 'Rpc' {problem}.");

    [Test]
    public void Parse_RpcUnknownAndNotify_SaysNothingOfTheSession() => AssertErrors(
        Route(Rpc("bite_im.FriendService/Nope", ("Notify", Rule))),
        "Route 'r': transform 'Rpc' is 'bite_im.FriendService/Nope', but 'bite_im.FriendService' has no method 'Nope'; it has GetFriendList, "
        + "FriendRemove, FriendAdd, FriendAddProcess, FriendSearch, GetChatSessionList, ChatSessionCreate, GetChatSessionMember, GetPendingFriendEventList.");

    [Test]
    public void Parse_UnknownSetting_IsRefused() => AssertErrors(
        Route(Rpc("bite_im.UserService/UserLogin", ("Sesion", "Required"))),
        "Route 'r': transform 'Rpc' has no setting 'Sesion'; did you mean 'Session'? It knows Session, SessionId, SessionSources, UserId, RequestId, Envelope, Ask, Succeeded, Notify, Reply.");

    [TestCase("Maybe")]
    [TestCase("")]
    [TestCase("anonymous")]
    [TestCase("1")]
    public void Parse_SessionUnknown_IsRefused(string session) => AssertErrors(
        Route(Rpc("bite_im.UserService/UserLogin", ("Session", session))),
        $"Route 'r': transform 'Session' is '{session}'; use 'Required' or 'Anonymous'.");

    [Test]
    public void Parse_SessionRequiredOfAMessageWithout_IsRefused() => AssertErrors(
        Route(Rpc("bite_im.UserService/UserLogin", ("Session", "Required"))),
        "Route 'r': transform 'Session' is 'Required', but the request message 'UserLoginReq' has no string field 'session_id'; "
        + "name the field of the session id in 'SessionId', or use 'Session': 'Anonymous'.");

    [Test]
    public void Parse_SessionRequiredOfAMessageWithoutUserId_IsRefused()
    {
        var shop = Descriptors.Shop;
        shop.File[0].MessageType[0].Field.RemoveAt(2);
        var sut = Parsers.Routes(new RpcCatalogs(new RpcCatalog(Descriptors.Build(shop))), options: _options);
        var route = Route(Rpc("shop.Cart/Add", ("Session", "Required")));
        List<string> errors = [];

        Assert.That(sut.Parse(route, route.Transforms![0], errors), Is.Null);
        Assert.That(errors, Is.EqualTo(new[]
        {
            "Route 'r': transform 'Session' is 'Required', but the request message 'AddReq' has no string field 'user_id'; name the field of the user id in 'UserId', or '' if the sub-service need not know who calls.",
        }));
    }

    [Test]
    public void Parse_MessageWithoutUserId_WhoseSubServiceIsToldBesideIt_IsTaken()
    {
        var shop = Descriptors.Shop;
        shop.File[0].MessageType[0].Field.RemoveAt(2);
        var sut = Parsers.Routes(new RpcCatalogs(new RpcCatalog(Descriptors.Build(shop))), options: new RpcOptions { UserIdHeader = "x-user-id" });
        var route = Route(Rpc("shop.Cart/Add", ("Session", "Required")));

        Assert.That(sut.Parse(route, route.Transforms![0], [])?.Session, Is.EqualTo(SessionMode.Required));
    }

    [TestCase("""["Bearer"]""", false)]
    [TestCase("""["Body", "Bearer"]""", true)]
    public void Parse_MessageWithoutSessionId_WhoseClientsShowItElsewhere_IsTaken(string sources, bool hasBody)
    {
        var sut = Parsers.Routes(options: _options);
        var route = Route(Rpc("bite_im.UserService/UserLogin", ("Session", "Required"), ("SessionSources", sources), ("UserId", "")));
        List<string> errors = [];

        var parsed = sut.Parse(route, route.Transforms![0], errors);

        Assert.That(errors, Is.Empty);
        Assert.That(parsed!.Sources.HasBody, Is.EqualTo(hasBody));
        Assert.That(parsed.Sources.Outside, Is.EqualTo(new[] { new SessionSource(SessionSourceKind.Bearer, "") }));
    }

    [Test]
    public void Parse_MessageWithoutSessionId_DoesNotCloseTheRouteByItself()
    {
        var sut = Parsers.Routes(options: _options, sources: SessionSources.Parse("", ["Bearer"], []));
        var (login, info) = (Route(Rpc("bite_im.UserService/UserLogin")), Route(Rpc("bite_im.UserService/GetUserInfo")));

        Assert.That(sut.Parse(login, login.Transforms![0], [])?.Session, Is.EqualTo(SessionMode.Anonymous));
        Assert.That(sut.Parse(info, info.Transforms![0], [])?.Session, Is.EqualTo(SessionMode.Required));
    }

    [TestCase("[]", "Route 'r': SessionSources is empty; name at least one, or leave it out.")]
    [TestCase("Bearer", "Route 'r': transform 'SessionSources' is 'Bearer'; write a list of places, see docs/configuration.md.")]
    [TestCase("""["Query:sid"]""", "Route 'r': SessionSources has 'Query:sid'; use 'Body', 'Bearer', 'Header:' with the name of a header, or 'Cookie:' with the name of a cookie.")]
    public void Parse_Sources_Wrong_AreRefused(string sources, string error) =>
        AssertErrors(Route(Rpc("bite_im.UserService/GetUserInfo", ("SessionSources", sources))), error);

    [TestCase("Add")]
    [TestCase("Odd")]
    [TestCase("Camel")]
    [TestCase("Number")]
    public void Parse_SessionLeftOutForADescriptorSet_IsRefusedHoweverFieldsAreSpelled(string method) => AssertErrors(
        Route(Rpc($"shop.Cart/{method}")),
        $"Route 'r': transform 'Session' is missing, and 'shop.Cart/{method}' comes from a descriptor set; "
        + "set it to 'Required', or to 'Anonymous' if everybody may call it.");

    [Test]
    public void Parse_UserIdThatIsNoString_IsRefusedUnlessAnonymousIsSaid() => AssertErrors(
        Route(Rpc("shop.Cart/Number", ("Session", "Required"))),
        "Route 'r': transform 'Session' is 'Required', but the request message 'NumberReq' has no string field 'user_id'; name the field of the user id in 'UserId', or '' if the sub-service need not know who calls.");

    [Test]
    public void Parse_SessionIdThatIsNoString_DoesNotOpenTheRoute() => AssertErrors(
        Route(Rpc("shop.Cart/Odd", ("Session", "Required"))),
        "Route 'r': transform 'Session' is 'Required', but the request message 'OddReq' has no string field 'session_id'; name the field of the session id in 'SessionId', or use 'Session': 'Anonymous'.");

    [Test]
    public void Parse_TimeoutPolicy_IsRefused() => AssertErrors(
        Route(Rpc("bite_im.UserService/UserLogin")) with { TimeoutPolicy = "slow" },
        "Route 'r': TimeoutPolicy is 'slow'; an RPC route needs its time in 'Timeout'.");

    [TestCase("00:00:00.0100000")]
    [TestCase("01:00:00")]
    public void Parse_TimeoutAtTheBounds_IsTaken(string timeout) =>
        Assert.That(Parse(Route(Rpc("bite_im.UserService/UserLogin")) with { Timeout = TimeSpan.Parse(timeout, null) }), Is.Not.Null);

    [TestCase("00:00:00")]
    [TestCase("00:00:00.0099999")]
    [TestCase("01:00:00.0000001")]
    [TestCase("-00:00:00.0010000", Description = "Timeout.Infinite")]
    public void Parse_TimeoutOutOfRange_IsRefused(string timeout) => AssertErrors(
        Route(Rpc("bite_im.UserService/UserLogin")) with { Timeout = TimeSpan.Parse(timeout, null) },
        $"Route 'r': Timeout is '{timeout}'; use '00:00:00.0100000' to '01:00:00'.");

    [TestCase(1)]
    [TestCase(1 << 30)]
    public void Parse_MaxRequestBodySizeAtTheBounds_IsTaken(long size) =>
        Assert.That(Parse(Route(Rpc("bite_im.UserService/UserLogin")) with { MaxRequestBodySize = size })?.MaxRequestBytes, Is.EqualTo(size));

    [TestCase(-1, Description = "No limit, to YARP")]
    [TestCase(0)]
    [TestCase((1L << 30) + 1)]
    public void Parse_MaxRequestBodySizeOutOfRange_IsRefused(long size) => AssertErrors(
        Route(Rpc("bite_im.UserService/UserLogin")) with { MaxRequestBodySize = size },
        $"Route 'r': MaxRequestBodySize is {size}; use 1 to 1073741824 bytes.");

    [Test]
    public void Parse_TwoRpcs_TheSecondIsRefused()
    {
        var first = Rpc("bite_im.UserService/UserLogin");
        var second = Rpc("bite_im.UserService/PhoneLogin");
        var route = Route(first) with { Transforms = [first, second] };
        List<string> errors = [];

        Assert.That(_sut.Parse(route, first, errors), Is.Not.Null);
        Assert.That(_sut.Parse(route, second, errors), Is.Null);
        Assert.That(errors, Is.EqualTo(new[] { "Route 'r' has a second transform 'Rpc', 'bite_im.UserService/PhoneLogin'; keep one of them." }));
    }

    [Test]
    public void Parse_SeveralMistakes_TellsAll() => AssertErrors(
        Route(Rpc("x", ("Session", "y"), ("Notify", "z"), ("Other", "o"))) with { Timeout = TimeSpan.Zero, TimeoutPolicy = "p", MaxRequestBodySize = -1 },
        "Route 'r': transform 'Rpc' is 'x'; write it as 'package.Service/Method'.",
        "Route 'r': transform 'Rpc' has no setting 'Other'; it knows Session, SessionId, SessionSources, UserId, RequestId, Envelope, Ask, Succeeded, Notify, Reply.",
        "Route 'r': TimeoutPolicy is 'p'; an RPC route needs its time in 'Timeout'.",
        "Route 'r': Timeout is '00:00:00'; use '00:00:00.0100000' to '01:00:00'.",
        "Route 'r': MaxRequestBodySize is -1; use 1 to 1073741824 bytes.",
        "Route 'r': transform 'Session' is 'y'; use 'Required' or 'Anonymous'.");

    [Test]
    public void Parse_ErrorsOfOthersBefore_AreNotItsOwn()
    {
        var route = Route(Rpc("bite_im.UserService/UserLogin"));

        Assert.That(_sut.Parse(route, route.Transforms![0], new List<string> { "somebody else's" }), Is.Not.Null);
    }

    [Test]
    public void FindTransform_OrdinaryRoute_IsNull()
    {
        Assert.That(RpcRouteParser.FindTransform(new RouteConfig()), Is.Null);
        Assert.That(RpcRouteParser.FindTransform(Route(new Dictionary<string, string> { ["PathPrefix"] = "/x" })), Is.Null);
    }

    private RpcRoute? Parse(RouteConfig route)
    {
        List<string> errors = [];
        var parsed = _sut.Parse(route, RpcRouteParser.FindTransform(route)!, errors);
        Assert.That(errors, Is.Empty);
        return parsed;
    }

    private void AssertErrors(RouteConfig route, params string[] expected)
    {
        List<string> errors = [];
        Assert.That(_sut.Parse(route, RpcRouteParser.FindTransform(route)!, errors), Is.Null);
        Assert.That(errors, Is.EqualTo(expected));
    }

    private static Dictionary<string, string> Rpc(string rpc, params (string Key, string Value)[] settings)
    {
        var transform = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["Rpc"] = rpc };
        foreach (var (key, value) in settings)
        {
            transform[key] = value;
        }

        return transform;
    }

    private static RouteConfig Route(IReadOnlyDictionary<string, string> transform) => new() { RouteId = "r", ClusterId = "c", Transforms = [transform] };
}
