using Gateway.Transforms.Events;
using Gateway.Transforms.Routes;
using Gateway.Transforms.Schema;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Transforms.Routes;

[TestFixture]
internal sealed class RouteChecksTests
{
    private const string Rpc = "bite_im.UserService/GetMultiUserInfo";

    private static readonly HashSet<string> Clusters = new(StringComparer.OrdinalIgnoreCase) { "user", "friend" };

    [Test]
    public void Check_NothingConfigured_IsValid() => Assert.That(Check(new UserDetailsOptions()), Is.Empty);

    [TestCase(Rpc, 1024)]
    [TestCase("chen_im.UserService/GetUserInfo", 1 << 30)]
    public void Check_ClusterAndRpc_AreValid(string rpc, int maxAnswer) =>
        Assert.That(Check(new UserDetailsOptions { ClusterId = "user", Rpc = rpc, MaxAnswer = maxAnswer }), Is.Empty);

    [TestCase("")]
    [TestCase("users")]
    public void Check_NoSuchCluster_IsRefused(string cluster) => Assert.That(Check(new UserDetailsOptions { ClusterId = cluster, Rpc = Rpc }), Is.EqualTo(new[]
    {
        $"Gateway:UserDetails:ClusterId is '{cluster}', which is no cluster; name the cluster of the user service, or leave out the whole section.",
    }));

    [TestCase("bite_im.UserService", "Gateway:UserDetails:Rpc is 'bite_im.UserService'; write it as 'package.Service/Method'.")]
    [TestCase("bite_im.UserService/SetUserAvatar", "Gateway:UserDetails:Rpc is 'bite_im.UserService/SetUserAvatar', which does not ask for users; name a method with the fields of GetMultiUserInfo "
        + "(users_id, users_info) or of GetUserInfo (user_id, user_info).")]
    public void Check_OtherRpc_IsRefused(string rpc, string sentence) =>
        Assert.That(Check(new UserDetailsOptions { ClusterId = "user", Rpc = rpc }), Is.EqualTo(new[] { sentence }));

    [TestCase(1023)]
    [TestCase((1 << 30) + 1)]
    [TestCase(-1)]
    public void Check_MaxAnswerOutOfRange_IsRefused(int size) =>
        Assert.That(Check(new UserDetailsOptions { ClusterId = "user", Rpc = Rpc, MaxAnswer = size }), Is.EqualTo(new[]
        {
            $"Gateway:UserDetails:MaxAnswer is {size}; use 1024 to 1073741824 bytes.",
        }));

    [TestCase("friend", "")]
    [TestCase("own", "")]
    [TestCase("nobody", "Route 'r': Ask:members:ClusterId is 'nobody', which is no cluster; name one, or leave it out for the route's own.")]
    public void Check_LookUp_NeedsACluster(string cluster, string sentence)
    {
        var route = new RouteConfig
        {
            RouteId = "r",
            ClusterId = "own",
            Transforms =
            [
                new Dictionary<string, string>
                {
                    ["Rpc"] = "bite_im.FriendService/FriendRemove",
                    ["Ask"] = $$"""{ "members": { "ClusterId": "{{cluster}}", "Rpc": "bite_im.FriendService/GetChatSessionMember", "Set": { "user_id": "$caller" } } }""",
                    ["Notify"] = """[{ "To": "members.member_info_list.user_id", "Set": { "friend_remove.user_id": "$caller" } }]""",
                },
            ],
        };

        Assert.That(Sut().CheckLookUps(route, Clusters), Is.EqualTo(sentence.Length == 0 ? [] : new[] { sentence }));
    }

    [TestCase("friend_remove.user_id", "x", "")]
    [TestCase("friend_remov.user_id", "x", "Gateway:Events:Test:friend_remov.user_id is 'x', but NotifyMessage has no field 'friend_remov'; did you mean 'friend_remove'? It has notify_event_id, notify_type, friend_add_apply, friend_process_result, new_chat_session_info, new_message_info, friend_remove.")]
    [TestCase("friend_remove.user_id", "$caller", "Gateway:Events:Test:friend_remove.user_id is '$caller', but an anonymous route has no caller; set 'Session' to 'Required', or name a field.")]
    public void CheckTest_Mistake_IsNamedWithTheCure(string field, string value, string sentence)
    {
        var catalogs = new RpcCatalogs();
        var test = new TestEvent(Options.Create(new EventOptions { Test = { [field] = value } }), catalogs);

        Assert.That(new RouteChecks(Parsers.Routes(catalogs), test, catalogs).CheckTestEvent(""), Is.EqualTo(sentence.Length == 0 ? [] : new[] { sentence }));
        Assert.That(test.Find("") is null, Is.EqualTo(sentence.Length > 0));
    }

    [TestCase("errmsg", "")]
    [TestCase("", "")]
    [TestCase(null, "", Description = "A null of JSON")]
    [TestCase("errmsgs", "Gateway:Messages:Envelope:Message is 'errmsgs', which no message of a route has: UserLoginRsp has no field 'errmsgs'; did you mean 'errmsg'? It has request_id, success, errmsg, login_session_id.")]
    [TestCase("success", "Gateway:Messages:Envelope:Message is 'success', which no message of a route has: 'success' of UserLoginRsp is a bool; name a field that is a string.")]
    public void CheckNames_NameThatNoMessageHas_IsToldOnce(string? name, string sentence)
    {
        var messages = new MessageOptions { Envelope = new() { Message = name! } };
        var catalogs = new RpcCatalogs();
        RouteConfig route = new() { RouteId = "r", Transforms = [new Dictionary<string, string> { ["Rpc"] = "bite_im.UserService/UserLogin" }] };

        Assert.That(
            new RouteChecks(Parsers.Routes(catalogs, messages: messages), Test(catalogs), catalogs).CheckNames([route, route with { RouteId = "s" }]),
            Is.EqualTo(sentence.Length == 0 ? [] : new[] { sentence }));
    }

    [Test]
    public void TestEvent_NotConfigured_IsNone() => Assert.That(Test(new RpcCatalogs()).Find(""), Is.Null);

    private static IEnumerable<string> Check(UserDetailsOptions options) => Sut().CheckUserDetails(options, "", Clusters);

    private static TestEvent Test(RpcCatalogs catalogs) => new(Options.Create(new EventOptions()), catalogs);

    private static RouteChecks Sut()
    {
        var catalogs = new RpcCatalogs();
        return new RouteChecks(Parsers.Routes(catalogs), Test(catalogs), catalogs);
    }
}
