using Gateway.Protocol;

namespace ChatDemo.Smoke;

/// <summary>
/// Everybody connects and is told what happens. Each event is asked for in its turn, so one too many anywhere shows at the next.
/// </summary>
internal sealed partial class Conversation
{
    // The hub does not say when a client is in. The profiles come next, and until they are done nobody is told anything.
    private async Task SocketsAsync()
    {
        await step("alice connects with two devices, one of them a browser", async () =>
        {
            await _alice.ConnectAsync("laptop", addresses.Desktop);
            await _alice.ConnectAsync("browser", addresses.Web, origin: "https://chat.example.com");
        });
        await step("bob connects on the HTTP port", () => _bob.ConnectAsync("phone", addresses.HttpPort));
        await step("carol connects", () => _carol.ConnectAsync("phone", addresses.Desktop));
        await step("a socket with an unknown session is closed", async () =>
        {
            using var stranger = await NotifySocket.OpenAsync("a stranger's phone", addresses.Desktop, new string('0', 32));
            Expect.Equal("4401 session-invalid", await stranger.ClosedAsync(), "close frame");
        });
    }

    private async Task LastEventsAsync()
    {
        await step("nobody was told anything else", async () =>
        {
            await _carol.CallAsync(Api.CreateChatSession, new ChatSessionCreateReq
            {
                ChatSessionName = "The end",
                MemberIdList = { _alice.UserId, _bob.UserId, _carol.UserId },
            });
            foreach (var person in Everybody)
            {
                Expect.Equal("The end", (await HearChatAsync(person)).ChatSessionName, $"chat {person.Nickname} is told of");
            }
        });
        await step("everybody leaves", async () =>
        {
            foreach (var person in Everybody)
            {
                await person.LeaveAsync();
            }
        });
    }

    private static async Task HearApplyAsync(Person person, Person applicant)
    {
        var user = (await person.HearAsync(NotifyType.FriendAddApplyNotify)).FriendAddApply.UserInfo;
        Expect.Equal(applicant.UserId, user.UserId, "user_id of the applicant");
        Expect.Equal(applicant.Nickname, user.Nickname, "nickname of the applicant");
    }

    private static async Task HearAnswerAsync(Person person, Person respondent, bool agree)
    {
        var answer = (await person.HearAsync(NotifyType.FriendAddProcessNotify)).FriendProcessResult;
        Expect.Equal(agree, answer.Agree, "agree");
        Expect.Equal(respondent.UserId, answer.UserInfo.UserId, "user_id of the respondent");
        Expect.Equal(respondent.Nickname, answer.UserInfo.Nickname, "nickname of the respondent");
    }

    private static async Task<ChatSessionInfo> HearChatAsync(Person person) =>
        (await person.HearAsync(NotifyType.ChatSessionCreateNotify)).NewChatSessionInfo.ChatSessionInfo;

    private static async Task HearSingleChatAsync(Person person, Person other, string chatSessionId)
    {
        var chat = await HearChatAsync(person);
        Expect.Equal(chatSessionId, chat.ChatSessionId, "chat_session_id");
        Expect.Equal(other.UserId, chat.SingleChatFriendId, "single_chat_friend_id");
        Expect.Equal(other.Nickname, chat.ChatSessionName, "chat_session_name");
    }

    private static async Task<MessageContent> HearMessageAsync(Person person, Person sender, string chatSessionId)
    {
        var message = (await person.HearAsync(NotifyType.ChatMessageNotify)).NewMessageInfo.MessageInfo;
        Expect.Equal(chatSessionId, message.ChatSessionId, "chat_session_id");
        Expect.Equal(sender.UserId, message.Sender.UserId, "user_id of the sender");
        Expect.Equal(sender.Nickname, message.Sender.Nickname, "nickname of the sender");
        return message.Message;
    }

    private static async Task HearTextAsync(Person person, Person sender, string chatSessionId, string text) =>
        Expect.Equal(text, (await HearMessageAsync(person, sender, chatSessionId)).StringMessage.Content, $"text {person.Nickname} is told");
}
