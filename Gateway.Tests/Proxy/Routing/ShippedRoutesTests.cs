using Gateway.Proxy;
using Gateway.Proxy.Routing;
using Gateway.Tests.Proxy.Hosting;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Schema;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Proxy.Routing;

/// <summary>The yarp.json of the repository, route by route against the wire contract.</summary>
[TestFixture]
internal sealed class ShippedRoutesTests
{
    private const string NoSession = "-";
    private const string Session = "yes";

    /// <summary>Path, RPC, whether it takes a session, and what it tells, see ShippedRulesTests.</summary>
    private static readonly object?[][] Table =
    [
        ["/service/user/username_register", "UserService/UserRegister", NoSession, null],
        ["/service/user/username_login", "UserService/UserLogin", NoSession, null],
        ["/service/user/get_phone_verify_code", "UserService/GetPhoneVerifyCode", NoSession, null],
        ["/service/user/phone_register", "UserService/PhoneRegister", NoSession, null],
        ["/service/user/phone_login", "UserService/PhoneLogin", NoSession, null],
        ["/service/user/get_user_info", "UserService/GetUserInfo", Session, null],
        ["/service/user/set_avatar", "UserService/SetUserAvatar", Session, null],
        ["/service/user/set_description", "UserService/SetUserDescription", Session, null],
        ["/service/user/set_nickname", "UserService/SetUserNickname", Session, null],
        ["/service/user/set_phone", "UserService/SetUserPhoneNumber", Session, null],
        ["/service/friend/get_friend_list", "FriendService/GetFriendList", Session, null],
        ["/service/friend/add_friend_apply", "FriendService/FriendAdd", Session, "events"],
        ["/service/friend/get_pending_friend_events", "FriendService/GetPendingFriendEventList", Session, null],
        ["/service/friend/add_friend_process", "FriendService/FriendAddProcess", Session, "events"],
        ["/service/friend/remove_friend", "FriendService/FriendRemove", Session, "events"],
        ["/service/friend/search_friend", "FriendService/FriendSearch", Session, null],
        ["/service/friend/get_chat_session_list", "FriendService/GetChatSessionList", Session, null],
        ["/service/friend/create_chat_session", "FriendService/ChatSessionCreate", Session, "events"],
        ["/service/friend/get_chat_session_member", "FriendService/GetChatSessionMember", Session, null],
        ["/service/message_transmit/new_message", "MsgTransmitService/GetTransmitTarget", Session, "events"],
        ["/service/message_storage/get_history", "MsgStorageService/GetHistoryMsg", Session, null],
        ["/service/message_storage/get_recent", "MsgStorageService/GetRecentMsg", Session, null],
        ["/service/message_storage/search_history", "MsgStorageService/MsgSearch", Session, null],
        ["/service/file/get_single_file", "FileService/GetSingleFile", Session, null],
        ["/service/file/get_multi_file", "FileService/GetMultiFile", Session, null],
        ["/service/file/put_single_file", "FileService/PutSingleFile", Session, null],
        ["/service/file/put_multi_file", "FileService/PutMultiFile", Session, null],
        ["/service/speech/recognition", "SpeechService/SpeechRecognition", Session, null],
    ];

    private static readonly Dictionary<string, (string Cluster, string Address)> Clusters = new()
    {
        ["UserService"] = ("user", "etcd:///service/user_service"),
        ["FriendService"] = ("friend", "etcd:///service/friend_service"),
        ["MsgTransmitService"] = ("message-transmit", "etcd:///service/message_transmit_service"),
        ["MsgStorageService"] = ("message-storage", "etcd:///service/message_store_service"),
        ["FileService"] = ("file", "etcd:///service/file_service"),
        ["SpeechService"] = ("speech", "etcd:///service/speech_service"),
    };

    private ServiceProvider _services = null!;
    private RouteSet _config = null!;

    [OneTimeSetUp]
    public async Task LoadAsync()
    {
        var file = Path.Combine(RepositoryFolder.Path, "yarp.json");
        _services = GatewayHost.CreateBuilder([$"--{RouteFile.Setting}={file}"]).Services.BuildServiceProvider();
        var loader = _services.GetRequiredService<RouteLoader>();
        _config = await loader.LoadAsync(loader.Read(), CancellationToken.None);
    }

    [OneTimeTearDown]
    public void Unload() => _services.Dispose();

    [Test]
    public void Routes_AreThe28OfTheContract() =>
        Assert.That(_config.Routes.Select(route => route.Match.Path), Is.EquivalentTo(Table.Select(row => row[0])).And.Exactly(28).Items);

    [TestCaseSource(nameof(Table))]
    public void Route_IsAsInTheContract(string path, string rpc, string session, string? source)
    {
        var route = _config.Routes.Single(route => route.Match.Path == path);

        Assert.That(route.Match.Methods, Is.EqualTo(new[] { "POST" }));
        Assert.That(route.ClusterId, Is.EqualTo(Clusters[rpc.Split('/')[0]].Cluster));
        var transform = new Dictionary<string, string> { ["Rpc"] = "bite_im." + rpc, ["Session"] = session == Session ? "Required" : "Anonymous" };
        Assert.That(route.Transforms!.Single().Where(setting => setting.Key is TransformKeys.Rpc or TransformKeys.Session), Is.EquivalentTo(transform));
        Assert.That(route.Transforms!.Single().ContainsKey(TransformKeys.Notify), Is.EqualTo(source is not null));
    }

    [TestCaseSource(nameof(Table))]
    public void Route_FitsItsMessages(string path, string rpc, string session, string? source)
    {
        var route = _config.Routes.Single(route => route.Match.Path == path);
        List<string> errors = [];

        var parsed = _services.GetRequiredService<RpcRouteParser>().Parse(route, RpcRouteParser.FindTransform(route)!, errors);

        Assert.That(errors, Is.Empty);
        Assert.That(parsed!.Path, Is.EqualTo("/bite_im." + rpc));
        Assert.That(parsed.Session, Is.EqualTo(session == Session ? SessionMode.Required : SessionMode.Anonymous));
        Assert.That(parsed.Events is not null, Is.EqualTo(source is not null));
        Assert.That(parsed.Fields.RequestId, Is.EqualTo(1));
        Assert.That((parsed.Fields.SessionId > 0, parsed.Fields.UserId > 0), Is.EqualTo((session == Session, session == Session)));
    }

    [TestCaseSource(nameof(Table))]
    public void Route_AnswersBeginAsTheContractSays(string path, string rpc, string session, string? source)
    {
        Assert.That(new RpcCatalog([]).TryFind("bite_im." + rpc, out var method, out var problem), Is.True, $"{path}: {problem}");
        Assert.That(
            method!.OutputType.Fields.InFieldNumberOrder().Take(3).Select(field => $"{field.FieldNumber} {field.Name} {field.FieldType}"),
            Is.EqualTo(new[] { "1 request_id String", "2 success Bool", "3 errmsg String" }), $"{session} {source}");
    }

    [Test]
    public void RateLimits_AreOnWhatTakesNoSession() => Assert.That(
        _config.Routes.Where(route => route.RateLimiterPolicy is not null).Select(route => (route.RouteId, route.RateLimiterPolicy)),
        Is.EquivalentTo(new[]
        {
            ("user-username-login", "login"),
            ("user-phone-login", "login"),
            ("user-username-register", "register"),
            ("user-phone-register", "register"),
            ("user-get-phone-verify-code", "sms-code"),
        }));

    [Test]
    public void Clusters_AreTheSixSubServices() => Assert.That(
        _config.Clusters.Select(cluster => (cluster.ClusterId, cluster.Destinations!.Single().Value.Address)),
        Is.EquivalentTo(Clusters.Values));

    [Test]
    public async Task Validator_FindsNoMistake() => Assert.That(await _services.GetRequiredService<RouteValidator>().FindErrorsAsync(_config, _ => true), Is.Empty);
}
