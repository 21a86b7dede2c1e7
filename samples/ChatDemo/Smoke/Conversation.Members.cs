using ChatDemo.Members.Protocol;
using Gateway.Protocol;
using Google.Protobuf;
using Extended = ChatDemo.Members.Protocol;
using NotifyType = Gateway.Protocol.NotifyType;

namespace ChatDemo.Smoke;

/// <summary>Carol comes to a group later. The wire contract has neither the call nor what the others are told of it.</summary>
internal sealed partial class Conversation
{
    private async Task MembersAsync()
    {
        await step("alice opens a group with bob alone", async () =>
        {
            await _alice.CallAsync(Api.CreateChatSession, new ChatSessionCreateReq { ChatSessionName = "Book club", MemberIdList = { _bob.UserId } });
            _club = (await HearChatAsync(_alice)).ChatSessionId;
            Expect.Equal(_club, (await HearChatAsync(_bob)).ChatSessionId, "chat_session_id bob is told");
        });
        await step("carol cannot add herself, nor anybody a stranger", async () =>
        {
            await _carol.RefusedAsync(Api.GroupAddMember, Adding(_club, _carol.UserId), "You are not a member of this chat.");
            await _alice.RefusedAsync(Api.GroupAddMember, Adding(_club, "nobody"), "There is no user 'nobody'.");
            await _alice.RefusedAsync(Api.GroupAddMember, Adding(_aliceAndBob, _carol.UserId), "Members can be added to groups only.");
        });
        await step("bob adds carol; the reply keeps group and members back", async () =>
        {
            var reply = await _bob.CallAsync(Api.GroupAddMember, Adding(_club, _carol.UserId, _alice.UserId));
            Expect.Equal(null, reply.ChatSessionInfo, "chat_session_info");
            Expect.Equal(0, reply.MemberInfoList.Count, "number of members");
        });
        await step("carol is told of the group", async () =>
        {
            var chat = await HearChatAsync(_carol);
            Expect.Equal(_club, chat.ChatSessionId, "chat_session_id");
            Expect.Equal("Book club", chat.ChatSessionName, "chat_session_name");
        });
        await step("alice and bob are told that carol was added, by an event of configuration alone", async () =>
        {
            await HearAddedAsync(_alice, _club, _carol, _bob);
            await HearAddedAsync(_bob, _club, _carol, _bob);
        });
        await step("nobody can be added twice", () =>
            _alice.RefusedAsync(Api.GroupAddMember, Adding(_club, _carol.UserId), "Everybody you picked is in this group already."));
    }

    private static GroupAddMemberReq Adding(string group, params string[] members) => new() { ChatSessionId = group, MemberIdList = { members } };

    /// <summary>Clients that do not know the new event keep its field among the unknown ones, and so does this one until here.</summary>
    private static async Task HearAddedAsync(Person person, string group, Person added, Person addedBy)
    {
        var message = await person.HearAsync((NotifyType)Extended.NotifyType.MemberAddedNotify);
        var news = Extended.NotifyMessage.Parser.ParseFrom(message.ToByteArray()).MemberAdded;
        Expect.Equal(group, news.ChatSessionId, "chat_session_id");
        Expect.Equal(added.Nickname, news.MemberInfoList.Single().Nickname, "nickname of the new member");
        Expect.Equal(addedBy.Nickname, news.AddedBy.Nickname, "nickname of who added");
    }
}
