using Gateway.Protocol;

namespace ChatDemo.Smoke;

/// <summary>Alice finds Bob; he agrees. Carol asks Alice, who does not.</summary>
internal sealed partial class Conversation
{
    private async Task FriendsAsync()
    {
        await step("alice finds bob by nickname and by phone", async () =>
        {
            Expect.Same([_bob.UserId], await SearchAsync(_alice, _bob.Nickname), "users found by nickname");
            Expect.Same([_bob.UserId], await SearchAsync(_alice, _bob.Phone), "users found by phone");
        });
        await step("nobody finds herself", async () =>
            Expect.Same([], await SearchAsync(_alice, _alice.Nickname), "users found"));
        await step("alice asks bob to be friends", () =>
            _alice.CallAsync(Api.AddFriendApply, new FriendAddReq { RespondentId = _bob.UserId }));
        await step("bob is told that alice asks", () => HearApplyAsync(_bob, _alice));
        await step("asking twice is refused", () =>
            _alice.RefusedAsync(
                Api.AddFriendApply,
                new FriendAddReq { RespondentId = _bob.UserId },
                "You have asked already; the answer is still to come."));
        await step("asking oneself is refused", () =>
            _alice.RefusedAsync(
                Api.AddFriendApply, new FriendAddReq { RespondentId = _alice.UserId }, "You cannot befriend yourself."));
        await step("bob accepts; the reply keeps the new chat back", AcceptAsync);
        await step("alice and bob are friends", async () =>
        {
            Expect.Same([_bob.UserId], await FriendIdsAsync(_alice), "alice's friends");
            Expect.Same([_alice.UserId], await FriendIdsAsync(_bob), "bob's friends");
            Expect.Same([], await SearchAsync(_alice, _bob.Nickname), "users found, a friend left out");
        });
        await step("both have the chat, each under the other's name", async () =>
        {
            var chat = (await ChatsAsync(_bob)).Single();
            Expect.Equal(_alice.UserId, chat.SingleChatFriendId, "single_chat_friend_id");
            Expect.Equal(_alice.Nickname, chat.ChatSessionName, "chat_session_name");
            Expect.Equal(Bytes("alice's picture"), chat.Avatar, "avatar");
            Expect.Equal(chat.ChatSessionId, (await ChatsAsync(_alice)).Single().ChatSessionId, "alice's chat");
            _aliceAndBob = chat.ChatSessionId;
        });
        await step("alice is told on both devices that bob agrees, then of the chat with bob", async () =>
        {
            await HearAnswerAsync(_alice, _bob, agree: true);
            await HearSingleChatAsync(_alice, _bob, _aliceAndBob);
        });
        await step("bob is told of the chat with alice", () => HearSingleChatAsync(_bob, _alice, _aliceAndBob));
        await step("carol asks alice, who declines", async () =>
        {
            await _carol.CallAsync(Api.AddFriendApply, new FriendAddReq { RespondentId = _alice.UserId });
            await _alice.CallAsync(Api.AddFriendProcess, new FriendAddProcessReq { ApplyUserId = _carol.UserId, Agree = false });
            Expect.Same([], await FriendIdsAsync(_carol), "carol's friends");
        });
        await step("alice is told that carol asks", () => HearApplyAsync(_alice, _carol));
        await step("carol is told that alice declines", () => HearAnswerAsync(_carol, _alice, agree: false));
    }

    private async Task AcceptAsync()
    {
        var pending = (await _bob.CallAsync(Api.GetPendingFriendEvents, new GetPendingFriendEventListReq())).Event.Single();
        Expect.Equal(_alice.UserId, pending.Sender.UserId, "applicant");
        var reply = await _bob.CallAsync(
            Api.AddFriendProcess,
            new FriendAddProcessReq { NotifyEventId = pending.EventId, ApplyUserId = _alice.UserId, Agree = true });
        // Clients learn of the chat from the notification.
        Expect.Equal("", reply.NewSessionId, "new_session_id");
        Expect.Equal(0, (await _bob.CallAsync(Api.GetPendingFriendEvents, new GetPendingFriendEventListReq())).Event.Count, "pending");
    }

    private static async Task<IEnumerable<string>> SearchAsync(Person person, string key) =>
        (await person.CallAsync(Api.SearchFriend, new FriendSearchReq { SearchKey = key })).UserInfo.Select(user => user.UserId);

    private static async Task<IEnumerable<string>> FriendIdsAsync(Person person) =>
        (await person.CallAsync(Api.GetFriendList, new GetFriendListReq())).FriendList.Select(user => user.UserId);

    private static async Task<IList<ChatSessionInfo>> ChatsAsync(Person person) =>
        (await person.CallAsync(Api.GetChatSessionList, new GetChatSessionListReq())).ChatSessionInfoList;
}
