using Dapper;
using Gateway.Protocol;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace ChatDemo.Storage;

/// <summary>Reads users as the wire's <see cref="UserInfo"/>.</summary>
internal static class UserRows
{
    private const string Columns = "u.user_id AS UserId, u.nickname, u.description, u.phone, u.avatar";

    public static bool UserExists(this SqliteConnection connection, string userId) =>
        connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM users WHERE user_id = @userId)", new { userId });

    public static UserInfo? FindUser(this SqliteConnection connection, string userId) =>
        connection.FindUsers([userId]).SingleOrDefault();

    public static List<UserInfo> FindUsers(this SqliteConnection connection, IEnumerable<string> userIds) =>
        Query(connection, $"SELECT {Columns} FROM users u WHERE u.user_id IN @userIds", new { userIds });

    public static List<UserInfo> FindFriends(this SqliteConnection connection, string userId) =>
        Query(
            connection,
            $"""
            SELECT {Columns} FROM friendships f JOIN users u ON u.user_id = f.friend_id
            WHERE f.user_id = @userId ORDER BY u.nickname
            """,
            new { userId });

    public static List<UserInfo> FindMembers(this SqliteConnection connection, string chatSessionId) =>
        Query(
            connection,
            $"""
            SELECT {Columns} FROM chat_members m JOIN users u ON u.user_id = m.user_id
            WHERE m.chat_session_id = @chatSessionId ORDER BY u.nickname
            """,
            new { chatSessionId });

    /// <summary>People to befriend: part of a nickname, or a whole id or phone number. Neither oneself nor friends.</summary>
    public static List<UserInfo> SearchStrangers(this SqliteConnection connection, string userId, string key) =>
        Query(
            connection,
            $"""
            SELECT {Columns} FROM users u
            WHERE (u.user_id = @key OR u.phone = @key OR instr(lower(u.nickname), lower(@key)) > 0)
              AND u.user_id <> @userId
              AND u.user_id NOT IN (SELECT friend_id FROM friendships WHERE user_id = @userId)
            ORDER BY u.nickname LIMIT 50
            """,
            new { userId, key });

    private static List<UserInfo> Query(SqliteConnection connection, string sql, object parameters) =>
        connection.Query<Row>(sql, parameters).Select(row => row.ToUserInfo()).ToList();

    private sealed class Row
    {
        public string UserId { get; init; } = "";

        public string Nickname { get; init; } = "";

        public string Description { get; init; } = "";

        public string? Phone { get; init; }

        public byte[]? Avatar { get; init; }

        public UserInfo ToUserInfo() => new()
        {
            UserId = UserId,
            Nickname = Nickname,
            Description = Description,
            Phone = Phone ?? "",
            Avatar = Avatar is null ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(Avatar),
        };
    }
}
