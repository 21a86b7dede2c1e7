namespace ChatDemo.Storage;

/// <summary>Where the demo keeps what it knows: one database file, and the uploaded files beside it.</summary>
internal sealed class DataFolder
{
    public DataFolder(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        Directory.CreateDirectory(FilesFolder);
    }

    public string Path { get; }

    public string DatabaseFile => System.IO.Path.Combine(Path, "chat.db");

    public string FilesFolder => System.IO.Path.Combine(Path, "files");
}
