using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Transforms.Events;

/// <summary>
/// A friend request is decided: the applicant is told, and when it was accepted both are told of their new chat session. The one who
/// decided learns of it from that notification too, so its id is taken out of the reply.
/// </summary>
internal sealed class FriendAddProcessEvents : EventSource<FriendAddProcessReq, FriendAddProcessRsp>
{
    public override string Name => "FriendAddProcess";

    public override bool Succeeded(FriendAddProcessRsp answer) => answer.Success;

    public override IReadOnlyCollection<string> UsersToLookUp(string authorId, FriendAddProcessReq request, FriendAddProcessRsp answer) =>
        request.Agree ? [authorId, request.ApplyUserId] : [authorId];

    public override IEnumerable<Notification> Notifications(
        string authorId, FriendAddProcessReq request, FriendAddProcessRsp answer, UserDetails users)
    {
        yield return new Notification([request.ApplyUserId], new NotifyMessage
        {
            NotifyType = NotifyType.FriendAddProcessNotify,
            FriendProcessResult = new NotifyFriendAddProcess { Agree = request.Agree, UserInfo = users[authorId] },
        });
        if (request.Agree)
        {
            yield return NewChat(request.ApplyUserId, answer.NewSessionId, users[authorId]);
            yield return NewChat(authorId, answer.NewSessionId, users[request.ApplyUserId]);
        }
    }

    public override IMessage Reply(FriendAddProcessRsp answer)
    {
        answer.NewSessionId = "";
        return answer;
    }

    /// <summary>A chat of two looks, to each of them, like the other.</summary>
    private static Notification NewChat(string recipient, string chatSessionId, UserInfo other) =>
        new([recipient], new NotifyMessage
        {
            NotifyType = NotifyType.ChatSessionCreateNotify,
            NewChatSessionInfo = new NotifyNewChatSession
            {
                ChatSessionInfo = new ChatSessionInfo
                {
                    SingleChatFriendId = other.UserId,
                    ChatSessionId = chatSessionId,
                    ChatSessionName = other.Nickname,
                    Avatar = other.Avatar,
                },
            },
        });
}
