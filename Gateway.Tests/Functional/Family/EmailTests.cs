using Gateway.Protocol;
using Gateway.Tests.Functional.Family.Email;

namespace Gateway.Tests.Functional.Family;

/// <summary>Users are known by their mail address: four calls of a descriptor set, and the others built in.</summary>
[TestFixture]
internal sealed class EmailTests() : FamilyTest("email")
{
    [Test]
    public async Task VerifyCodeRegistrationAndLogin_NeedNoSession()
    {
        Service.AnswerByMethod(new()
        {
            ["GetMailVerifyCode"] = new MailVerifyCodeRsp { RequestId = "r1", Success = true, VerifyCodeId = "v1" },
            ["MailRegister"] = new MailRegisterRsp { RequestId = "r2", Success = true },
            ["MailLogin"] = new MailLoginRsp { RequestId = "r3", Success = true, LoginSessionId = "s-new" },
        });
        var register = new MailRegisterReq { RequestId = "r2", Mail = "a@example.com", VerifyCodeId = "v1", VerifyCode = "1234" };

        var code = await CallAsync<MailVerifyCodeRsp>("/service/user/get_mail_verify_code", new MailVerifyCodeReq { RequestId = "r1", Mail = "a@example.com" });
        var registered = await CallAsync<MailRegisterRsp>("/service/user/mail_register", register);
        var login = await CallAsync<MailLoginRsp>("/service/user/mail_login", new MailLoginReq { RequestId = "r3", Mail = "a@example.com" });

        Assert.That((code.VerifyCodeId, registered.Success, login.LoginSessionId), Is.EqualTo(("v1", true, "s-new")));
        Assert.That(Asked<MailRegisterReq>("mail_im.UserService/MailRegister"), Is.EqualTo(register));
    }

    [Test]
    public async Task SetUserMail_OfAUser_TellsWhoItIs()
    {
        Service.Answer(new SetUserMailRsp { RequestId = "r1", Success = true });

        var answer = await CallAsync<SetUserMailRsp>("/service/user/set_mail", new SetUserMailReq { RequestId = "r1", SessionId = "s-alice", UserId = "mallory", Mail = "a@example.com" });

        Assert.That(answer.Success);
        Assert.That(
            Asked<SetUserMailReq>("mail_im.UserService/SetUserMail"),
            Is.EqualTo(new SetUserMailReq { RequestId = "r1", SessionId = "s-alice", UserId = "alice", Mail = "a@example.com" }));
    }

    [Test]
    public async Task SetUserMail_WithoutASession_SaysWhy()
    {
        var answer = await CallAsync<SetUserMailRsp>("/service/user/set_mail", new SetUserMailReq { RequestId = "r1", SessionId = "s-nobody", Mail = "a@example.com" });

        Assert.That(answer.Errmsg, Is.Not.Empty);
        Assert.That((answer.RequestId, answer.Success), Is.EqualTo(("r1", false)));
    }

    [Test]
    public async Task MethodThatIsBuiltIn_IsThereAsWell()
    {
        var expected = new GetUserInfoRsp { RequestId = "r1", Success = true, UserInfo = new UserInfo { UserId = "alice" } };
        Service.Answer(expected);

        Assert.That(await CallAsync<GetUserInfoRsp>("/service/user/get_user_info", new GetUserInfoReq { RequestId = "r1", SessionId = "s-alice" }), Is.EqualTo(expected));
        Assert.That(Asked<GetUserInfoReq>("mail_im.UserService/GetUserInfo").UserId, Is.EqualTo("alice"));
    }
}
