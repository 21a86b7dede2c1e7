using Gateway.Protocol;

namespace Gateway.Transforms.Events;

/// <summary>Somebody asks to be friends: the one asked is told who asks.</summary>
internal sealed class FriendAddEvents : EventSource<FriendAddReq, FriendAddRsp>
{
    public override string Name => "FriendAdd";

    public override bool Succeeded(FriendAddRsp answer) => answer.Success;

    public override IReadOnlyCollection<string> UsersToLookUp(string authorId, FriendAddReq request, FriendAddRsp answer) => [authorId];

    public override IEnumerable<Notification> Notifications(string authorId, FriendAddReq request, FriendAddRsp answer, UserDetails users)
    {
        yield return new Notification([request.RespondentId], new NotifyMessage
        {
            NotifyType = NotifyType.FriendAddApplyNotify,
            FriendAddApply = new NotifyFriendAddApply { UserInfo = users[authorId] },
        });
    }
}
