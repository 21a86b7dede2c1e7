using Gateway.Protocol;

namespace ChatDemo.Smoke;

/// <summary>Alice and Bob talk, and find what they said again.</summary>
internal sealed partial class Conversation
{
    private async Task MessagesAsync()
    {
        await step("alice and bob exchange messages", async () =>
        {
            await SayAsync(_alice, _aliceAndBob, "Hello Bob");
            await SayAsync(_bob, _aliceAndBob, "Hello Alice");
            await SayAsync(_alice, _aliceAndBob, "Tea at four?");
        });
        await step("each is told what the other says, and not what they say themselves", async () =>
        {
            await HearTextAsync(_bob, _alice, _aliceAndBob, "Hello Bob");
            await HearTextAsync(_bob, _alice, _aliceAndBob, "Tea at four?");
            await HearTextAsync(_alice, _bob, _aliceAndBob, "Hello Alice");
        });
        await step("bob reads the recent messages, oldest first", async () =>
        {
            var messages = (await _bob.CallAsync(
                Api.GetRecent, new GetRecentMsgReq { ChatSessionId = _aliceAndBob, MsgCount = 2 })).MsgList;
            Expect.Equal("Hello Alice | Tea at four?", Texts(messages), "messages");
            Expect.Equal(_alice.Nickname, messages[1].Sender.Nickname, "sender");
        });
        await step("alice reads the history of a time range", async () =>
        {
            var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
            var request = new GetHistoryMsgReq { ChatSessionId = _aliceAndBob, StartTime = now - 60, OverTime = now + 60 };
            Expect.Equal(
                "Hello Bob | Hello Alice | Tea at four?", Texts((await _alice.CallAsync(Api.GetHistory, request)).MsgList), "messages");
            request = new GetHistoryMsgReq { ChatSessionId = _aliceAndBob, StartTime = now - 120, OverTime = now - 61 };
            Expect.Equal("", Texts((await _alice.CallAsync(Api.GetHistory, request)).MsgList), "messages of an earlier minute");
        });
        await step("bob searches for tea", async () =>
        {
            var found = await _bob.CallAsync(Api.SearchHistory, new MsgSearchReq { ChatSessionId = _aliceAndBob, SearchKey = "tea" });
            Expect.Equal("Tea at four?", Texts(found.MsgList), "messages");
        });
        await step("the chat list shows the last message", async () =>
            Expect.Equal("Tea at four?", (await ChatsAsync(_bob)).Single().PrevMessage.Message.StringMessage.Content, "prev_message"));
        await step("carol is no member: she can neither read nor write", async () =>
        {
            const string NoMember = "You are not a member of this chat.";
            await _carol.RefusedAsync(Api.NewMessage, Text(_aliceAndBob, "Let me in"), NoMember);
            await _carol.RefusedAsync(Api.GetRecent, new GetRecentMsgReq { ChatSessionId = _aliceAndBob, MsgCount = 9 }, NoMember);
            await _carol.RefusedAsync(Api.GetHistory, new GetHistoryMsgReq { ChatSessionId = _aliceAndBob, OverTime = 1 }, NoMember);
            await _carol.RefusedAsync(Api.SearchHistory, new MsgSearchReq { ChatSessionId = _aliceAndBob, SearchKey = "tea" }, NoMember);
            await _carol.RefusedAsync(Api.GetChatSessionMember, new GetChatSessionMemberReq { ChatSessionId = _aliceAndBob }, NoMember);
        });
    }

    private static async Task SayAsync(Person person, string chatSessionId, string text) =>
        await person.CallAsync(Api.NewMessage, Text(chatSessionId, text));

    private static NewMessageReq Text(string chatSessionId, string text) => new()
    {
        ChatSessionId = chatSessionId,
        Message = new MessageContent
        {
            MessageType = MessageType.String,
            StringMessage = new StringMessageInfo { Content = text },
        },
    };

    private static string Texts(IEnumerable<MessageInfo> messages) =>
        string.Join(" | ", messages.Select(message => message.Message.StringMessage.Content));
}
