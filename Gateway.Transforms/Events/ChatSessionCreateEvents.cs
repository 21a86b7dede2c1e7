using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Transforms.Events;

/// <summary>
/// A group chat is opened: every member is told, its creator included, who learns of the chat session by this notification alone
/// (it is taken out of the reply).
/// </summary>
internal sealed class ChatSessionCreateEvents : EventSource<ChatSessionCreateReq, ChatSessionCreateRsp>
{
    public override string Name => "ChatSessionCreate";

    public override bool Succeeded(ChatSessionCreateRsp answer) => answer.Success;

    public override IEnumerable<Notification> Notifications(
        string authorId, ChatSessionCreateReq request, ChatSessionCreateRsp answer, UserDetails users)
    {
        string[] recipients = [.. request.MemberIdList.Append(authorId).Where(id => id.Length > 0).Distinct(StringComparer.Ordinal)];
        yield return new Notification(recipients, new NotifyMessage
        {
            NotifyType = NotifyType.ChatSessionCreateNotify,
            NewChatSessionInfo = new NotifyNewChatSession { ChatSessionInfo = answer.ChatSessionInfo },
        });
    }

    public override IMessage Reply(ChatSessionCreateRsp answer)
    {
        answer.ChatSessionInfo = null;
        return answer;
    }
}
