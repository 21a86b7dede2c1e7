using Gateway.Protocol;

namespace ChatDemo.Smoke;

/// <summary>What the gateway itself is there to prevent.</summary>
internal sealed partial class Conversation
{
    private async Task RefusalsAsync()
    {
        await step("bob cannot pass as alice by writing her user_id", async () =>
        {
            var profile = await _bob.CallAsync(Api.GetUserInfo, new GetUserInfoReq { UserId = _alice.UserId });
            Expect.Equal(_bob.UserId, profile.UserInfo.UserId, "user_id of the profile");

            var message = Text(_group, "I am Alice");
            message.UserId = _alice.UserId;
            await _bob.CallAsync(Api.NewMessage, message);
            var recent = await _alice.CallAsync(Api.GetRecent, new GetRecentMsgReq { ChatSessionId = _group, MsgCount = 1 });
            Expect.Equal(_bob.UserId, recent.MsgList.Single().Sender.UserId, "sender of the message");
        });
        await step("alice and carol are told that it was bob", async () =>
        {
            await HearTextAsync(_alice, _bob, _group, "I am Alice");
            await HearTextAsync(_carol, _bob, _group, "I am Alice");
        });
        await step("an unknown session is refused by the gateway", async () =>
        {
            var request = new GetUserInfoReq { SessionId = new string('0', 32), UserId = _alice.UserId };
            var reply = await client.SendAsync(Api.GetUserInfo, request);
            Expect.Equal(false, reply.Success, "success");
            Expect.Equal("session-invalid", reply.GatewayError, "x-gateway-error");
            Expect.True(reply.Errmsg.Length > 0, "an errmsg to read", reply.Errmsg);
            Expect.Equal(null, reply.Message.UserInfo, "user_info");
        });
    }

    private async Task FarewellAsync()
    {
        await step("bob removes alice; their chat is gone, the groups stay", async () =>
        {
            await _bob.CallAsync(Api.RemoveFriend, new FriendRemoveReq { PeerId = _alice.UserId });
            Expect.Same([], await FriendIdsAsync(_alice), "alice's friends");
            Expect.Same([_group, _club], (await ChatsAsync(_alice)).Select(chat => chat.ChatSessionId), "alice's chats");
            Expect.Same([_group, _club], (await ChatsAsync(_bob)).Select(chat => chat.ChatSessionId), "bob's chats");
        });
        await step("alice is told that bob has removed her", async () =>
        {
            var notice = await _alice.HearAsync(NotifyType.FriendRemoveNotify);
            Expect.Equal(_bob.UserId, notice.FriendRemove.UserId, "user_id of the remover");
        });
        await step("removing twice is refused", () =>
            _bob.RefusedAsync(Api.RemoveFriend, new FriendRemoveReq { PeerId = _alice.UserId }, "You are not friends."));
    }
}
