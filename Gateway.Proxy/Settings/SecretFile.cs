namespace Gateway.Proxy.Settings;

/// <summary>A secret in a file, as orchestrators mount them.</summary>
internal static class SecretFile
{
    public static string Read(string path) => File.ReadAllText(path).Trim();

    /// <summary>What is wrong with it, as a sentence; null when it can be read.</summary>
    public static string? FindError(string setting, string path)
    {
        try
        {
            return Read(path).Length > 0 ? null : $"{setting} is '{path}', which is empty; write the secret into it, or leave the setting out.";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{setting} is '{path}', which cannot be read ({exception.Message.TrimEnd('.')}); mount it there, or leave the setting out.";
        }
    }
}
