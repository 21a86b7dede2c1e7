using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Tests.Functional.Hostile;

/// <summary>
/// Paths that a lenient server would take for others. Routing decides once, by the path that it has made of the target, and what it
/// decides holds for the checks and for the call: no spelling reaches a method without that method's checks.
/// </summary>
[TestFixture]
internal sealed class PathTests : HostileTest
{
    private static readonly byte[] Nobody = new GetUserInfoReq { RequestId = "r1" }.ToByteArray();

    /// <summary>Other spellings of a route, served as that route is.</summary>
    public static readonly string[] SameRoute =
    [
        "/service/user/get_user_info/",
        "/SERVICE/User/GET_user_INFO",
        "/service/user/get%5fuser%5Finfo",
        "/%73ervice/user/get_user_info",
        "/service/user/./get_user_info",
        "/service/user/%2e/get_user_info",
        "/service/user/username_login/../get_user_info",
        "/service/user/username_login/%2e%2e/get_user_info",
        "/service/user/username_login/%2E./get_user_info",
        "/service/user/username_login%3f/../get_user_info",
        "/service/user/x/../../user/get_user_info",
        "/../../service/user/get_user_info",
        "/service/user/get_user_info?/../username_login",
    ];

    /// <summary>Spellings of nothing.</summary>
    public static readonly string[] NoRoute =
    [
        "//service/user/get_user_info",
        "/service//user/get_user_info",
        "/service/user//get_user_info",
        "/service/user/get_user_info//",
        "/service%2Fuser/get_user_info",
        "/service/user%2fget_user_info",
        "/service/user/..%2fget_user_info",
        "/service/user/username_login%2f..%2fget_user_info",
        "/service/user/username_login/..;/get_user_info",
        "/service/user/get_user_info;a=b",
        "/service/user;x/get_user_info",
        "/service\\user\\get_user_info",
        "/service%5cuser%5cget_user_info",
        "/service/user/username_login\\..\\get_user_info",
        "/service/user/get_user_info%3fx",
        "/service/user/get_user_info%20",
        "/service/user/get_user_info%09",
        "/service/user/get_user_info%2500",
        "/service/user/get_user_info%",
        "/service/user/get_user_info%2",
        "/service/user/%zz",
        "/service/user/%252e%252e/user/get_user_info",
        "/service/user/%c0%ae%c0%ae/user/get_user_info",
        "/service/user/get_user_info/..",
        "/bite_im.UserService/GetUserInfo",
        "/%62ite_im.UserService/GetUserInfo",
        "/admin",
        "/livez",
        "/",
    ];

    private static readonly string[] AbsoluteToTheSameRoute =
    [
        "http://gateway/service/user/get_user_info",
        "https://gateway/service/user/get_user_info",
        "http://mallory:secret@gateway/service/user/get_user_info",
        "http://gateway/service/user/username_login/../get_user_info",
    ];

    private static readonly string[] NoTarget =
    [
        "/service/user/get_user_info\0",
        "/service/user/get_user_info%00",
        "/service/user/get_user_inf\u00EF",
        "\\service\\user\\get_user_info",
        "service/user/get_user_info",
        "?",
        "http://other/service/user/get_user_info",
        "HTTP://OTHER/service/user/get_user_info",
        "http:/service/user/get_user_info",
        "ftp://gateway/service/user/get_user_info",
    ];

    [TestCaseSource(nameof(SameRoute))]
    [TestCaseSource(nameof(AbsoluteToTheSameRoute))]
    public async Task Target_AnotherSpellingOfARoute_HasTheSameChecks(string target)
    {
        var refused = await AskAsync(Wire(Post(target, Nobody)));
        Assert.That(refused.Headers["x-gateway-error"], Is.EqualTo("session-invalid"));
        Assert.That(Calls, Is.Empty, "It was served without a session");

        var served = await AskAsync(Wire(Post(target, Alice)));

        Assert.That(served.Headers, Does.Not.ContainKey("x-gateway-error"));
        AssertAskedForAlice();
    }

    [TestCaseSource(nameof(NoRoute))]
    public Task Target_SpellingOfNothing_Is404(string target) => AssertRefusedAsync(target, 404);

    [TestCaseSource(nameof(NoTarget))]
    public Task Target_ThatIsNone_Is400(string target) => AssertRefusedAsync(target, 400);

    [TestCase("*")]
    [TestCase("gateway:80")]
    public Task Target_OfAnotherMethodsForm_Is405(string target) => AssertRefusedAsync(target, 405);

    [Test]
    public async Task Target_DotsInTheQuery_LeadNowhere()
    {
        var response = await AskAsync(Wire(Post("/service/user/username_login?/../get_user_info", Alice)));

        Assert.That(response.Headers, Does.Not.ContainKey("x-gateway-error"));
        Assert.That(Calls.Single().Path, Is.EqualTo("/bite_im.UserService/UserLogin"));
    }

    private async Task AssertRefusedAsync(string target, int status)
    {
        var response = await AskAsync(Wire(Post(target, Alice)));

        Assert.That(response.Status, Is.EqualTo(status));
        Assert.That(Calls, Is.Empty, "It reached the sub-service");
    }
}
