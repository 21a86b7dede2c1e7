using ChatDemo.Members.Protocol;
using ChatDemo.Storage;
using Grpc.Core;

namespace ChatDemo.Services;

/// <summary>What this friend service offers besides the wire contract. members/members.json brings it to the gateway.</summary>
internal sealed class GroupRpc(Database database) : FriendService.FriendServiceBase
{
    public override Task<GroupAddMemberRsp> GroupAddMember(GroupAddMemberReq request, ServerCallContext context) =>
        Task.FromResult(database.Change(connection =>
        {
            connection.RequireMember(request.ChatSessionId, request.UserId);
            var chat = connection.FindChats(request.UserId).Single(chat => chat.ChatSessionId == request.ChatSessionId);
            if (chat.PeerId is not null)
            {
                throw new RefusedException("Members can be added to groups only.");
            }

            var added = request.MemberIdList.Except(connection.FindMemberIds(request.ChatSessionId)).ToList();
            if (added.Count == 0)
            {
                throw new RefusedException("Everybody you picked is in this group already.");
            }

            if (added.FirstOrDefault(member => !connection.UserExists(member)) is { } stranger)
            {
                throw new RefusedException($"There is no user '{stranger}'.");
            }

            connection.AddMembers(request.ChatSessionId, added);
            return new GroupAddMemberRsp
            {
                MemberInfoList = { connection.FindUsers(added) },
                ChatSessionInfo = FriendRpc.ToChatSessionInfo(connection, chat),
            };
        }));
}
