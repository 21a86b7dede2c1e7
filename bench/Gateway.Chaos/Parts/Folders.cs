namespace Gateway.Chaos.Parts;

/// <summary>What .NET cannot do with a folder.</summary>
internal static class Folders
{
    /// <summary>Copies a folder with all that is in it, over what is there.</summary>
    /// <param name="from">The folder.</param>
    /// <param name="to">Where to.</param>
    /// <param name="except">Names of folders in it, at any depth, that are left out.</param>
    public static void Copy(string from, string to, params string[] except)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        }

        foreach (var folder in Directory.EnumerateDirectories(from).Where(folder => !except.Contains(Path.GetFileName(folder))))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)), except);
        }
    }
}
