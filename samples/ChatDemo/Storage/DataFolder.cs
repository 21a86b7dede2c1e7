using ChatDemo.Hosting;

namespace ChatDemo.Storage;

/// <summary>Where the demo keeps what it knows: one database file, and the uploaded files beside it.</summary>
internal sealed class DataFolder
{
    /// <exception cref="StartException">The folder cannot be made.</exception>
    public DataFolder(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(FilesFolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file system that takes no folders, as that of /proc, says that there is no such file.
            var reason = e is FileNotFoundException or DirectoryNotFoundException ? "no folders can be made there." : e.Message;
            throw new StartException($"The folder {Path} cannot be made: {reason} Name another one: --data.", e);
        }
    }

    public string Path { get; }

    public string DatabaseFile => System.IO.Path.Combine(Path, "chat.db");

    public string FilesFolder => System.IO.Path.Combine(Path, "files");

    /// <summary>Keeps other demos off the folder until it is disposed, or the process ends.</summary>
    /// <exception cref="StartException">Another demo has it, or nothing can be written there.</exception>
    public IDisposable Take()
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(Path, "demo.lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StartException($"The folder {Path} cannot be used: {e.Message} Name another one: --data.", e);
        }
        catch (IOException e)
        {
            throw new StartException($"Another demo runs on the folder {Path}. Stop that one, or give this one a folder of its own: --data.", e);
        }
    }
}
