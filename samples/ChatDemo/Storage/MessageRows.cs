using Dapper;
using Gateway.Protocol;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace ChatDemo.Storage;

/// <summary>Stored messages. Every list is oldest first, as a chat window shows it.</summary>
internal static class MessageRows
{
    /// <summary>
    /// The most messages one reply holds; the newest are kept. Each carries its sender's avatar, so a reply must
    /// have a limit; a client reads further back by asking for an earlier time.
    /// </summary>
    public const int Limit = 200;

    public static void AddMessage(this SqliteConnection connection, MessageInfo message) =>
        connection.Execute(
            """
            INSERT INTO messages (message_id, chat_session_id, sender_id, timestamp, text, content)
            VALUES (@MessageId, @ChatSessionId, @senderId, @Timestamp, @text, @content)
            """,
            new
            {
                message.MessageId,
                message.ChatSessionId,
                senderId = message.Sender.UserId,
                message.Timestamp,
                text = message.Message.MessageType == MessageType.String ? message.Message.StringMessage.Content : null,
                content = message.Message.ToByteArray(),
            });

    public static List<MessageInfo> FindMessages(this SqliteConnection connection, string chatSessionId, long from, long to) =>
        Query(connection, "timestamp BETWEEN @from AND @to", new { chatSessionId, from, to, count = Limit });

    public static List<MessageInfo> FindRecentMessages(this SqliteConnection connection, string chatSessionId, long count, long to) =>
        Query(connection, "timestamp <= @to", new { chatSessionId, to, count = Math.Min(count, Limit) });

    public static List<MessageInfo> SearchMessages(this SqliteConnection connection, string chatSessionId, string key) =>
        Query(connection, "instr(lower(text), lower(@key)) > 0", new { chatSessionId, key, count = Limit });

    private static List<MessageInfo> Query(SqliteConnection connection, string condition, object parameters)
    {
        var rows = connection.Query<Row>(
            $"""
            SELECT message_id AS MessageId, chat_session_id AS ChatSessionId, sender_id AS SenderId, timestamp, content
            FROM messages WHERE chat_session_id = @chatSessionId AND {condition}
            ORDER BY seq DESC LIMIT @count
            """,
            parameters).Reverse().ToList();
        var senders = connection.FindUsers(rows.Select(row => row.SenderId).Distinct()).ToDictionary(user => user.UserId);
        return rows.Select(row => row.ToMessageInfo(senders[row.SenderId])).ToList();
    }

    private sealed class Row
    {
        public string MessageId { get; init; } = "";

        public string ChatSessionId { get; init; } = "";

        public string SenderId { get; init; } = "";

        public long Timestamp { get; init; }

        public byte[] Content { get; init; } = [];

        public MessageInfo ToMessageInfo(UserInfo sender) => new()
        {
            MessageId = MessageId,
            ChatSessionId = ChatSessionId,
            Timestamp = Timestamp,
            Sender = sender,
            Message = MessageContent.Parser.ParseFrom(Content),
        };
    }
}
