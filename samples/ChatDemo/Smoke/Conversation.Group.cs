using Gateway.Protocol;

namespace ChatDemo.Smoke;

/// <summary>All three get a group.</summary>
internal sealed partial class Conversation
{
    private async Task GroupAsync()
    {
        await step("alice opens a group; the reply keeps it back", async () =>
        {
            var reply = await _alice.CallAsync(Api.CreateChatSession, new ChatSessionCreateReq
            {
                ChatSessionName = "Tea party",
                MemberIdList = { _alice.UserId, _bob.UserId, _carol.UserId },
            });
            // Clients learn of the group from the notification.
            Expect.Equal(null, reply.ChatSessionInfo, "chat_session_info");
        });
        await step("carol has the group and sees its members", async () =>
        {
            var chat = (await ChatsAsync(_carol)).Single();
            Expect.Equal("Tea party", chat.ChatSessionName, "chat_session_name");
            Expect.Equal("", chat.SingleChatFriendId, "single_chat_friend_id");
            _group = chat.ChatSessionId;
            var members = await _carol.CallAsync(Api.GetChatSessionMember, new GetChatSessionMemberReq { ChatSessionId = _group });
            Expect.Same(
                [_alice.UserId, _bob.UserId, _carol.UserId], members.MemberInfoList.Select(member => member.UserId), "members");
        });
        await step("all three are told of the group, alice too", async () =>
        {
            foreach (var person in Everybody)
            {
                var chat = await HearChatAsync(person);
                Expect.Equal(_group, chat.ChatSessionId, "chat_session_id");
                Expect.Equal("Tea party", chat.ChatSessionName, "chat_session_name");
                Expect.Equal("", chat.SingleChatFriendId, "single_chat_friend_id");
            }
        });
        await step("carol writes to the group, bob reads it", async () =>
        {
            await SayAsync(_carol, _group, "Who brings cake?");
            var messages = await _bob.CallAsync(Api.GetRecent, new GetRecentMsgReq { ChatSessionId = _group, MsgCount = 10 });
            Expect.Equal("Who brings cake?", Texts(messages.MsgList), "messages");
        });
        await step("alice and bob are told what carol writes", async () =>
        {
            await HearTextAsync(_alice, _carol, _group, "Who brings cake?");
            await HearTextAsync(_bob, _carol, _group, "Who brings cake?");
        });
    }
}
