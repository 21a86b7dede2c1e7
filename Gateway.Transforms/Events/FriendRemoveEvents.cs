using Gateway.Protocol;

namespace Gateway.Transforms.Events;

/// <summary>A friendship is ended: the other one is told by whom.</summary>
internal sealed class FriendRemoveEvents : EventSource<FriendRemoveReq, FriendRemoveRsp>
{
    public override string Name => "FriendRemove";

    public override bool Succeeded(FriendRemoveRsp answer) => answer.Success;

    public override IEnumerable<Notification> Notifications(
        string authorId, FriendRemoveReq request, FriendRemoveRsp answer, UserDetails users)
    {
        yield return new Notification([request.PeerId], new NotifyMessage
        {
            NotifyType = NotifyType.FriendRemoveNotify,
            FriendRemove = new NotifyFriendRemove { UserId = authorId },
        });
    }
}
