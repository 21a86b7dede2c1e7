using ChatDemo.Storage;
using Dapper;
using Gateway.Protocol;
using Grpc.Core;
using Microsoft.Data.Sqlite;

namespace ChatDemo.Services;

/// <summary>Friends, friend requests and chat sessions.</summary>
internal sealed class FriendRpc(Database database) : FriendService.FriendServiceBase
{
    public override Task<GetFriendListRsp> GetFriendList(GetFriendListReq request, ServerCallContext context)
    {
        using var connection = database.Open();
        return Task.FromResult(new GetFriendListRsp { FriendList = { connection.FindFriends(request.UserId) } });
    }

    public override Task<FriendSearchRsp> FriendSearch(FriendSearchReq request, ServerCallContext context)
    {
        if (request.SearchKey.Length == 0)
        {
            throw new RefusedException("Type an id, a nickname or a phone number to search for.");
        }

        using var connection = database.Open();
        var users = connection.SearchStrangers(request.UserId, request.SearchKey);
        return Task.FromResult(new FriendSearchRsp { UserInfo = { users } });
    }

    public override Task<FriendAddRsp> FriendAdd(FriendAddReq request, ServerCallContext context)
    {
        var eventId = RandomId.Create();
        database.Change(connection =>
        {
            CheckFriendRequest(connection, request.UserId, request.RespondentId);
            connection.Execute(
                "INSERT INTO friend_requests (event_id, applicant_id, respondent_id) VALUES (@eventId, @UserId, @RespondentId)",
                new { eventId, request.UserId, request.RespondentId });
        });
        return Task.FromResult(new FriendAddRsp { NotifyEventId = eventId });
    }

    public override Task<GetPendingFriendEventListRsp> GetPendingFriendEventList(
        GetPendingFriendEventListReq request, ServerCallContext context)
    {
        using var connection = database.Open();
        var requests = connection.Query<(string EventId, string ApplicantId)>(
            "SELECT event_id, applicant_id FROM friend_requests WHERE respondent_id = @UserId ORDER BY rowid",
            new { request.UserId }).ToList();
        var applicants = connection.FindUsers(requests.Select(r => r.ApplicantId)).ToDictionary(user => user.UserId);
        var events = requests.Select(r => new FriendEvent { EventId = r.EventId, Sender = applicants[r.ApplicantId] });
        return Task.FromResult(new GetPendingFriendEventListRsp { Event = { events } });
    }

    // A client that learned of the request by notification does not know its event id, so the applicant decides.
    public override Task<FriendAddProcessRsp> FriendAddProcess(FriendAddProcessReq request, ServerCallContext context)
    {
        var (applicant, respondent) = (request.ApplyUserId, request.UserId);
        var chatSessionId = database.Change(connection =>
        {
            var removed = connection.Execute(
                "DELETE FROM friend_requests WHERE applicant_id = @applicant AND respondent_id = @respondent",
                new { applicant, respondent });
            if (removed == 0)
            {
                throw new RefusedException("This friend request does not exist or has been answered already.");
            }

            if (!request.Agree)
            {
                return "";
            }

            connection.Execute(
                "INSERT INTO friendships (user_id, friend_id) VALUES (@applicant, @respondent), (@respondent, @applicant)",
                new { applicant, respondent });
            return connection.AddChat(name: "", isSingle: true, [applicant, respondent]);
        });
        return Task.FromResult(new FriendAddProcessRsp { NewSessionId = chatSessionId });
    }

    public override Task<FriendRemoveRsp> FriendRemove(FriendRemoveReq request, ServerCallContext context)
    {
        database.Change(connection =>
        {
            var removed = connection.Execute(
                """
                DELETE FROM friendships
                WHERE (user_id = @UserId AND friend_id = @PeerId) OR (user_id = @PeerId AND friend_id = @UserId)
                """,
                new { request.UserId, request.PeerId });
            if (removed == 0)
            {
                throw new RefusedException("You are not friends.");
            }

            connection.RemoveSingleChat(request.UserId, request.PeerId);
        });
        return Task.FromResult(new FriendRemoveRsp());
    }

    public override Task<GetChatSessionListRsp> GetChatSessionList(GetChatSessionListReq request, ServerCallContext context)
    {
        using var connection = database.Open();
        var chats = connection.FindChats(request.UserId).Select(chat => ToChatSessionInfo(connection, chat));
        return Task.FromResult(new GetChatSessionListRsp { ChatSessionInfoList = { chats } });
    }

    public override Task<ChatSessionCreateRsp> ChatSessionCreate(ChatSessionCreateReq request, ServerCallContext context)
    {
        if (request.ChatSessionName.Length is 0 or > 64)
        {
            throw new RefusedException("A group's name must be 1 to 64 characters long.");
        }

        var members = request.MemberIdList.Append(request.UserId).ToHashSet();
        if (members.Count < 2)
        {
            throw new RefusedException("A group needs at least one member besides you.");
        }

        var chatSessionId = database.Change(connection =>
        {
            if (members.FirstOrDefault(member => !connection.UserExists(member)) is { } stranger)
            {
                throw new RefusedException($"There is no user '{stranger}'.");
            }

            return connection.AddChat(request.ChatSessionName, isSingle: false, members);
        });
        return Task.FromResult(new ChatSessionCreateRsp
        {
            ChatSessionInfo = new ChatSessionInfo { ChatSessionId = chatSessionId, ChatSessionName = request.ChatSessionName },
        });
    }

    public override Task<GetChatSessionMemberRsp> GetChatSessionMember(GetChatSessionMemberReq request, ServerCallContext context)
    {
        using var connection = database.Open();
        connection.RequireMember(request.ChatSessionId, request.UserId);
        var members = connection.FindMembers(request.ChatSessionId);
        return Task.FromResult(new GetChatSessionMemberRsp { MemberInfoList = { members } });
    }

    private static void CheckFriendRequest(SqliteConnection connection, string userId, string respondentId)
    {
        if (respondentId == userId)
        {
            throw new RefusedException("You cannot befriend yourself.");
        }

        if (!connection.UserExists(respondentId))
        {
            throw new RefusedException("This user does not exist.");
        }

        if (Exists("friendships WHERE user_id = @userId AND friend_id = @respondentId"))
        {
            throw new RefusedException("You are friends already.");
        }

        if (Exists("friend_requests WHERE applicant_id = @userId AND respondent_id = @respondentId"))
        {
            throw new RefusedException("You have asked already; the answer is still to come.");
        }

        if (Exists("friend_requests WHERE applicant_id = @respondentId AND respondent_id = @userId"))
        {
            throw new RefusedException("This user has asked you already: accept that request instead.");
        }

        bool Exists(string rows) =>
            connection.ExecuteScalar<bool>($"SELECT EXISTS (SELECT 1 FROM {rows})", new { userId, respondentId });
    }

    /// <summary>A single chat goes by the name and avatar of the other one.</summary>
    internal static ChatSessionInfo ToChatSessionInfo(SqliteConnection connection, ChatRows.ChatRow chat)
    {
        var info = new ChatSessionInfo
        {
            ChatSessionId = chat.ChatSessionId,
            ChatSessionName = chat.Name,
            PrevMessage = connection.FindRecentMessages(chat.ChatSessionId, count: 1, to: long.MaxValue).SingleOrDefault(),
        };
        if (chat.PeerId is not null && connection.FindUser(chat.PeerId) is { } peer)
        {
            info.SingleChatFriendId = peer.UserId;
            info.ChatSessionName = peer.Nickname;
            info.Avatar = peer.Avatar;
        }

        return info;
    }
}
