using ChatDemo.Services;
using Dapper;
using Gateway.Protocol;
using Google.Protobuf;

namespace ChatDemo.Storage;

/// <summary>
/// Uploaded files: a row in the database, the bytes on disk. Whoever has a file id may read the file: the id is
/// random, and only the members of a chat see the ids that were sent to it.
/// </summary>
internal sealed class FileStore(Database database, DataFolder folder)
{
    /// <summary>Stores a file. Its size is what arrived, not what the client said it would be.</summary>
    public FileMessageInfo Put(string name, ByteString content)
    {
        var fileId = RandomId.Create();
        File.WriteAllBytes(PathOf(fileId), content.Span);
        using var connection = database.Open();
        connection.Execute(
            "INSERT INTO files (file_id, name, size) VALUES (@fileId, @name, @Length)",
            new { fileId, name, content.Length });
        return new FileMessageInfo { FileId = fileId, FileName = name, FileSize = content.Length };
    }

    public FileMessageInfo Find(string fileId)
    {
        using var connection = database.Open();
        var row = connection.QuerySingleOrDefault<(string Name, long Size)?>(
            "SELECT name, size FROM files WHERE file_id = @fileId", new { fileId })
            ?? throw new RefusedException($"There is no file '{fileId}'.");
        return new FileMessageInfo { FileId = fileId, FileName = row.Name, FileSize = row.Size };
    }

    public FileDownloadData Get(string fileId)
    {
        // Find comes first: an id from outside becomes part of a path only once it is known to be one of ours.
        var file = Find(fileId);
        var content = File.ReadAllBytes(PathOf(file.FileId));
        return new FileDownloadData { FileId = file.FileId, FileContent = UnsafeByteOperations.UnsafeWrap(content) };
    }

    private string PathOf(string fileId) => Path.Combine(folder.FilesFolder, fileId);
}
