using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Chaos.Fuzzing.Targets;

/// <summary>What the five notifying calls of the wire contract tell, written with protobuf's own objects.</summary>
internal static class EventOracle
{
    /// <summary>Whether the call is told of at all, who is told what, and what the client reads.</summary>
    /// <param name="route">The name of the route in yarp.json.</param>
    /// <param name="caller">Who calls.</param>
    /// <param name="request">The request.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="users">The details of a user.</param>
    public static (IReadOnlyList<(string Recipients, NotifyMessage Message)> Told, IMessage Reply) Of(
        string route, string caller, byte[] request, byte[] answer, Func<string, UserInfo> users)
    {
        switch (route)
        {
            case "friend-add-friend-apply":
                var added = FriendAddRsp.Parser.ParseFrom(answer);
                return (added.Success ? Told((FriendAddReq.Parser.ParseFrom(request).RespondentId, new NotifyMessage
                {
                    NotifyType = NotifyType.FriendAddApplyNotify,
                    FriendAddApply = new NotifyFriendAddApply { UserInfo = users(caller) },
                })) : [], added);
            case "friend-add-friend-process":
                var decision = FriendAddProcessReq.Parser.ParseFrom(request);
                var decided = FriendAddProcessRsp.Parser.ParseFrom(answer);
                var chat = decided.NewSessionId;
                decided.NewSessionId = "";
                var result = (decision.ApplyUserId, new NotifyMessage
                {
                    NotifyType = NotifyType.FriendAddProcessNotify,
                    FriendProcessResult = new NotifyFriendAddProcess { Agree = decision.Agree, UserInfo = users(caller) },
                });
                return (!decided.Success ? []
                    : decision.Agree ? Told(result, (decision.ApplyUserId, NewChat(chat, users(caller))), (caller, NewChat(chat, users(decision.ApplyUserId))))
                    : Told(result), decided);
            case "friend-remove-friend":
                var removed = FriendRemoveRsp.Parser.ParseFrom(answer);
                return (removed.Success ? Told((FriendRemoveReq.Parser.ParseFrom(request).PeerId, new NotifyMessage
                {
                    NotifyType = NotifyType.FriendRemoveNotify,
                    FriendRemove = new NotifyFriendRemove { UserId = caller },
                })) : [], removed);
            case "friend-create-chat-session":
                var created = ChatSessionCreateRsp.Parser.ParseFrom(answer);
                var opened = new NotifyMessage
                {
                    NotifyType = NotifyType.ChatSessionCreateNotify,
                    NewChatSessionInfo = new NotifyNewChatSession { ChatSessionInfo = created.ChatSessionInfo },
                };
                created.ChatSessionInfo = null;
                return (created.Success ? Told((Each(ChatSessionCreateReq.Parser.ParseFrom(request).MemberIdList.Append(caller)), opened)) : [], created);
            default:
                var sent = GetTransmitTargetRsp.Parser.ParseFrom(answer);
                return (sent.Success ? Told((Each(sent.TargetIdList.Where(id => id != caller)), new NotifyMessage
                {
                    NotifyType = NotifyType.ChatMessageNotify,
                    NewMessageInfo = new NotifyNewMessage { MessageInfo = sent.Message },
                })) : [], new NewMessageRsp { RequestId = sent.RequestId, Success = sent.Success, Errmsg = sent.Errmsg });
        }
    }

    private static List<(string Recipients, NotifyMessage Message)> Told(params (string Recipients, NotifyMessage Message)[] told) =>
        [.. told.Where(one => one.Recipients.Length > 0)];

    private static string Each(IEnumerable<string> ids) => string.Join(',', ids.Where(id => id.Length > 0).Distinct(StringComparer.Ordinal));

    /// <summary>A chat of two has, for each of them, the other one's name and picture.</summary>
    private static NotifyMessage NewChat(string chatSessionId, UserInfo other) => new()
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
    };
}
