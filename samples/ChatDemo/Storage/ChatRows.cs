using ChatDemo.Services;
using Dapper;
using Microsoft.Data.Sqlite;

namespace ChatDemo.Storage;

/// <summary>Chat sessions and who is in them.</summary>
internal static class ChatRows
{
    /// <summary>
    /// Refuses whoever is not in the chat, with one sentence for "not a member" and "no such chat": a stranger
    /// shall not learn which chats exist.
    /// </summary>
    public static void RequireMember(this SqliteConnection connection, string chatSessionId, string userId)
    {
        var isMember = connection.ExecuteScalar<bool>(
            "SELECT EXISTS (SELECT 1 FROM chat_members WHERE chat_session_id = @chatSessionId AND user_id = @userId)",
            new { chatSessionId, userId });
        if (!isMember)
        {
            throw new RefusedException("You are not a member of this chat.");
        }
    }

    public static List<string> FindMemberIds(this SqliteConnection connection, string chatSessionId) =>
        connection.Query<string>(
            "SELECT user_id FROM chat_members WHERE chat_session_id = @chatSessionId ORDER BY user_id",
            new { chatSessionId }).ToList();

    public static string AddChat(this SqliteConnection connection, string name, bool isSingle, IEnumerable<string> memberIds)
    {
        var chatSessionId = RandomId.Create();
        connection.Execute(
            "INSERT INTO chat_sessions (chat_session_id, name, is_single) VALUES (@chatSessionId, @name, @isSingle)",
            new { chatSessionId, name, isSingle });
        connection.AddMembers(chatSessionId, memberIds);
        return chatSessionId;
    }

    public static void AddMembers(this SqliteConnection connection, string chatSessionId, IEnumerable<string> memberIds) =>
        connection.Execute(
            "INSERT INTO chat_members (chat_session_id, user_id) VALUES (@chatSessionId, @memberId)",
            memberIds.Select(memberId => new { chatSessionId, memberId }));

    /// <summary>Ends the single chat of two people; members and messages go with it.</summary>
    public static void RemoveSingleChat(this SqliteConnection connection, string userId, string peerId) =>
        connection.Execute(
            """
            DELETE FROM chat_sessions
            WHERE is_single
              AND chat_session_id IN (SELECT chat_session_id FROM chat_members WHERE user_id = @userId)
              AND chat_session_id IN (SELECT chat_session_id FROM chat_members WHERE user_id = @peerId)
            """,
            new { userId, peerId });

    /// <summary>The chats of one user. For a single chat also who the other one is.</summary>
    public static List<ChatRow> FindChats(this SqliteConnection connection, string userId) =>
        connection.Query<ChatRow>(
            """
            SELECT s.chat_session_id AS ChatSessionId, s.name AS Name, peer.user_id AS PeerId
            FROM chat_members me
            JOIN chat_sessions s ON s.chat_session_id = me.chat_session_id
            LEFT JOIN chat_members peer
                ON s.is_single AND peer.chat_session_id = s.chat_session_id AND peer.user_id <> me.user_id
            WHERE me.user_id = @userId
            """,
            new { userId }).ToList();

    internal sealed record ChatRow(string ChatSessionId, string Name, string? PeerId);
}
