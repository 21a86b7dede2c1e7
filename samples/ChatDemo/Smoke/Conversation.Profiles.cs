using Gateway.Protocol;

namespace ChatDemo.Smoke;

/// <summary>Profiles are changed and read back.</summary>
internal sealed partial class Conversation
{
    private async Task ProfilesAsync()
    {
        await step("alice sets avatar and description", async () =>
        {
            await _alice.CallAsync(Api.SetAvatar, new SetUserAvatarReq { Avatar = Bytes("alice's picture") });
            await _alice.CallAsync(Api.SetDescription, new SetUserDescriptionReq { Description = "Down the rabbit hole" });
            var profile = await ReadProfileAsync(_alice);
            Expect.Equal(Bytes("alice's picture"), profile.Avatar, "avatar");
            Expect.Equal("Down the rabbit hole", profile.Description, "description");
        });
        await step("carol takes a nickname", async () =>
        {
            await _carol.CallAsync(Api.SetNickname, new SetUserNicknameReq { Nickname = _carol.Nickname });
            Expect.Equal(_carol.Nickname, (await ReadProfileAsync(_carol)).Nickname, "nickname");
        });
        await step("carol cannot take bob's nickname", () =>
            _carol.RefusedAsync(Api.SetNickname, new SetUserNicknameReq { Nickname = _bob.Nickname }, "This nickname is already taken."));
        await step("bob sets his phone number", async () =>
        {
            var (id, code) = await RequestCodeAsync(_bob.Phone);
            await _bob.CallAsync(
                Api.SetPhone,
                new SetUserPhoneNumberReq { PhoneNumber = _bob.Phone, PhoneVerifyCodeId = id, PhoneVerifyCode = code });
            Expect.Equal(_bob.Phone, (await ReadProfileAsync(_bob)).Phone, "phone");
        });
    }
}
