namespace Gateway.Chaos.Fuzzing;

/// <summary>The inputs that mutations begin with: good ones, bad ones, and each that was a finding once.</summary>
internal static class Corpus
{
    /// <summary>The folder of a target's inputs; it travels with the build.</summary>
    public static string FolderOf(IFuzzTarget target) => Path.Combine(AppContext.BaseDirectory, "Corpus", target.Name);

    /// <summary>In the order of their names, so that a run with the same seed is the same run.</summary>
    public static IReadOnlyList<byte[]> Of(IFuzzTarget target) =>
        [.. Directory.EnumerateFiles(FolderOf(target)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
}
