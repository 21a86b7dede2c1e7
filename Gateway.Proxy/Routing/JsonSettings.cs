using System.Text.Json;
using Gateway.Proxy.Settings;
using Microsoft.Extensions.Configuration.Json;

namespace Gateway.Proxy.Routing;

/// <summary>Turns a JSON file into settings as the framework does, and says in one sentence why that cannot be done.</summary>
internal static class JsonSettings
{
    /// <summary>A file of routes has kilobytes; what is larger was named by mistake.</summary>
    public const int MaxBytes = 16 << 20;

    /// <summary>How the reader of JSON begins to say that there is nothing but space and comments.</summary>
    private const string NothingRead = "The input does not contain any JSON tokens";

    /// <summary>How it begins to say that an object or a list has no end.</summary>
    private const string StillOpen = "Expected depth to be zero";

    /// <exception cref="ConfigurationRefusedException">The file is missing, cannot be read or is not JSON.</exception>
    /// <param name="what">What the file is, for the sentence: <c>routes file</c>.</param>
    /// <param name="path">Its full path.</param>
    /// <param name="cure">What to do if it is missing.</param>
    public static byte[] Read(string what, string path, string cure)
    {
        if (Directory.Exists(path))
        {
            throw Refused($"The {what} '{path}' is a folder; name a file in it.");
        }

        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > MaxBytes)
            {
                throw Refused($"The {what} '{path}' has {file.Length} bytes; at most {MaxBytes} are read, so divide it.");
            }

            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Refused($"The {what} '{path}' does not exist; {cure}.", exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw Refused($"The {what} '{path}' may not be read by this user; change its owner or permissions.", exception);
        }
        catch (IOException exception)
        {
            throw Refused($"The {what} '{path}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <exception cref="ConfigurationRefusedException">The content is not JSON.</exception>
    public static IReadOnlyDictionary<string, string?> Parse(string what, string path, byte[] content)
    {
        try
        {
            using var stream = new MemoryStream(content);
            var provider = new Provider(new JsonStreamConfigurationSource { Stream = stream });
            provider.Load();
            return provider.Settings;
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            // The last of these is half a surrogate pair, which JSON allows and no text can hold.
            throw Refused($"The {what} '{path}' cannot be read: {Reason(exception)}", exception);
        }
    }

    private static string Reason(Exception exception) =>
        exception.GetBaseException() is JsonException { LineNumber: { } line, BytePositionInLine: { } column } cause
            ? $"line {line + 1}, byte {column + 1}: {Explain(cause.Message.Split(" LineNumber:")[0].Split(" Path:")[0])}"
            : exception.GetBaseException().Message;

    /// <summary>What the reader says of a file that ends too early is about its own parameters.</summary>
    private static string Explain(string sentence) =>
        sentence.StartsWith(NothingRead, StringComparison.Ordinal) ? "the file is empty."
        : sentence.StartsWith(StillOpen, StringComparison.Ordinal) ? "a '}' or ']' is missing at the end."
        : sentence;

    private static ConfigurationRefusedException Refused(string sentence, Exception? cause = null) => new([sentence], cause);

    private sealed class Provider(JsonStreamConfigurationSource source) : JsonStreamConfigurationProvider(source)
    {
        public IReadOnlyDictionary<string, string?> Settings => Data.AsReadOnly();
    }
}
