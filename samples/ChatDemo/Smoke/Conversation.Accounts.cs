using Gateway.Protocol;

namespace ChatDemo.Smoke;

/// <summary>Everybody gets an account: Alice and Bob by name, Carol by phone.</summary>
internal sealed partial class Conversation
{
    private async Task AccountsAsync()
    {
        await step("alice registers", () => client.CallAsync(Api.UsernameRegister, Registration(_alice)));
        await step("bob registers", () => client.CallAsync(Api.UsernameRegister, Registration(_bob)));
        await step("a taken nickname is refused", () =>
            client.RefusedAsync(Api.UsernameRegister, Registration(_alice), "This nickname is already taken."));
        await step("a short password is refused", () =>
            client.RefusedAsync(
                Api.UsernameRegister,
                new UserRegisterReq { Nickname = $"dave-{Tag}", Password = "short" },
                "A password must be 6 to 32 characters long."));
        await step("a wrong password is refused", () =>
            client.RefusedAsync(
                Api.UsernameLogin,
                new UserLoginReq { Nickname = _alice.Nickname, Password = "wrong horse" },
                "Nickname or password is wrong."));
        await step("alice logs in", () => LoginAsync(_alice));
        await step("bob logs in", () => LoginAsync(_bob));
        await step("carol registers by phone", async () =>
        {
            var (id, code) = await RequestCodeAsync(_carol.Phone);
            var request = new PhoneRegisterReq { PhoneNumber = _carol.Phone, VerifyCodeId = id, VerifyCode = code };
            await client.CallAsync(Api.PhoneRegister, request);
            // The same code once more.
            await client.RefusedAsync(Api.PhoneRegister, request, "The verification code is wrong or no longer valid. Ask for a new one.");
        });
        await step("carol logs in by phone", async () =>
        {
            var (id, code) = await RequestCodeAsync(_carol.Phone);
            var reply = await client.CallAsync(
                Api.PhoneLogin,
                new PhoneLoginReq { PhoneNumber = _carol.Phone, VerifyCodeId = id, VerifyCode = code });
            await EnterAsync(_carol, reply.LoginSessionId);
        });
    }

    private static UserRegisterReq Registration(Person person) => new() { Nickname = person.Nickname, Password = person.Password };

    private async Task LoginAsync(Person person)
    {
        var reply = await client.CallAsync(
            Api.UsernameLogin, new UserLoginReq { Nickname = person.Nickname, Password = person.Password });
        await EnterAsync(person, reply.LoginSessionId);
        Expect.Equal(person.Nickname, (await ReadProfileAsync(person)).Nickname, "nickname");
    }

    private static async Task EnterAsync(Person person, string sessionId)
    {
        Expect.Equal(32, sessionId.Length, "length of login_session_id");
        person.SessionId = sessionId;
        person.UserId = (await ReadProfileAsync(person)).UserId;
    }

    private async Task<(string Id, string Code)> RequestCodeAsync(string phone)
    {
        var reply = await client.CallAsync(Api.GetPhoneVerifyCode, new PhoneVerifyCodeReq { PhoneNumber = phone });
        return (reply.VerifyCodeId, _codes[phone]);
    }

    private static async Task<UserInfo> ReadProfileAsync(Person person) =>
        (await person.CallAsync(Api.GetUserInfo, new GetUserInfoReq())).UserInfo;
}
