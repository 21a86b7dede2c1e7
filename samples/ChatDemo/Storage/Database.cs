using Microsoft.Data.Sqlite;

namespace ChatDemo.Storage;

/// <summary>The one SQLite file behind all six services: its schema, and a connection per call.</summary>
internal sealed class Database
{
    // Times are unix seconds. Of two messages in one second the order is the insertion order (seq).
    private const string Schema = """
        PRAGMA journal_mode = WAL;

        CREATE TABLE IF NOT EXISTS users (
            user_id TEXT PRIMARY KEY,
            nickname TEXT NOT NULL UNIQUE,
            password_hash TEXT,
            description TEXT NOT NULL DEFAULT '',
            phone TEXT UNIQUE,
            avatar BLOB
        );
        CREATE TABLE IF NOT EXISTS login_sessions (
            session_id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL,
            valid_until INTEGER NOT NULL
        );
        CREATE TABLE IF NOT EXISTS friend_requests (
            event_id TEXT PRIMARY KEY,
            applicant_id TEXT NOT NULL REFERENCES users,
            respondent_id TEXT NOT NULL REFERENCES users,
            UNIQUE (respondent_id, applicant_id)
        );
        -- A friendship is two rows, one from each side.
        CREATE TABLE IF NOT EXISTS friendships (
            user_id TEXT NOT NULL REFERENCES users,
            friend_id TEXT NOT NULL REFERENCES users,
            PRIMARY KEY (user_id, friend_id)
        );
        CREATE TABLE IF NOT EXISTS chat_sessions (
            chat_session_id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            is_single INTEGER NOT NULL
        );
        CREATE TABLE IF NOT EXISTS chat_members (
            chat_session_id TEXT NOT NULL REFERENCES chat_sessions ON DELETE CASCADE,
            user_id TEXT NOT NULL REFERENCES users,
            PRIMARY KEY (chat_session_id, user_id)
        );
        CREATE INDEX IF NOT EXISTS chat_members_by_user ON chat_members (user_id);
        CREATE TABLE IF NOT EXISTS messages (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            message_id TEXT NOT NULL UNIQUE,
            chat_session_id TEXT NOT NULL REFERENCES chat_sessions ON DELETE CASCADE,
            sender_id TEXT NOT NULL REFERENCES users,
            timestamp INTEGER NOT NULL,
            text TEXT,
            content BLOB NOT NULL
        );
        CREATE INDEX IF NOT EXISTS messages_by_chat ON messages (chat_session_id, seq);
        CREATE TABLE IF NOT EXISTS files (
            file_id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            size INTEGER NOT NULL
        );
        """;

    private readonly string _connectionString;

    public Database(DataFolder folder)
    {
        _connectionString = new SqliteConnectionStringBuilder { DataSource = folder.DatabaseFile, ForeignKeys = true }.ToString();
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = Schema;
        command.ExecuteNonQuery();
    }

    /// <summary>A connection for one call. It comes from the driver's pool, so opening it costs next to nothing.</summary>
    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        return connection;
    }

    /// <summary>
    /// Runs <paramref name="work"/> in one transaction, undone when it throws. The write lock is taken at the start,
    /// so what is read inside is still true when the changes are made.
    /// </summary>
    public T Change<T>(Func<SqliteConnection, T> work)
    {
        using var connection = Open();
        using var transaction = connection.BeginTransaction(deferred: false);
        var result = work(connection);
        transaction.Commit();
        return result;
    }

    /// <inheritdoc cref="Change{T}"/>
    public void Change(Action<SqliteConnection> work) =>
        Change(connection =>
        {
            work(connection);
            return true;
        });
}
