using Gateway.Protocol;
using Google.Protobuf;

namespace Gateway.Transforms.Events;

/// <summary>
/// A message is sent: every target but its sender is told. The one call whose answer changes type on the way, for the list of
/// targets is none of the client's business.
/// </summary>
internal sealed class NewMessageEvents : EventSource<NewMessageReq, GetTransmitTargetRsp>
{
    public override string Name => "NewMessage";

    /// <summary>The answer has the message too, and its text may be long.</summary>
    protected override bool ReadsRequest => false;

    public override bool Succeeded(GetTransmitTargetRsp answer) => answer.Success;

    public override IEnumerable<Notification> Notifications(
        string authorId, NewMessageReq request, GetTransmitTargetRsp answer, UserDetails users)
    {
        // As large as it may become: a group of hundreds would have it grow many times.
        var recipients = new HashSet<string>(answer.TargetIdList.Count, StringComparer.Ordinal);
        recipients.UnionWith(answer.TargetIdList.Where(id => id.Length > 0 && id != authorId));
        if (recipients.Count > 0)
        {
            yield return new Notification([.. recipients], new NotifyMessage
            {
                NotifyType = NotifyType.ChatMessageNotify,
                NewMessageInfo = new NotifyNewMessage { MessageInfo = answer.Message },
            });
        }
    }

    public override IMessage Reply(GetTransmitTargetRsp answer) =>
        new NewMessageRsp { RequestId = answer.RequestId, Success = answer.Success, Errmsg = answer.Errmsg };
}
