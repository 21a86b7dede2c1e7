using System.Text;
using Google.Protobuf;

namespace Gateway.Proxy.Hosting;

/// <summary>Text that others wrote, made fit for a line of the log: without characters that end the line, steer the terminal or turn the order of letters around.</summary>
internal static class Printable
{
    private const int MaxBytes = 128;
    private const char Replacement = '\uFFFD';

    /// <summary>The text with a space for each line break and tab, and U+FFFD for whatever else does not print.</summary>
    public static string Text(string text) =>
        text.Any(IsUnfit) ? string.Create(text.Length, text, static (characters, source) =>
        {
            for (var i = 0; i < characters.Length; i++)
            {
                characters[i] = source[i] switch
                {
                    '\n' or '\r' or '\t' => ' ',
                    var character when IsUnfit(character) => Replacement,
                    var character => character,
                };
            }
        }) : text;

    /// <summary>The same of bytes, and at most 128 of them.</summary>
    public static string Text(ByteString bytes)
    {
        var text = Text(Encoding.UTF8.GetString(bytes.Span[..Math.Min(bytes.Length, MaxBytes)]));
        return bytes.Length > MaxBytes ? text + '…' : text;
    }

    private static bool IsUnfit(char character) =>
        char.IsControl(character)
        || character is '\u2028' or '\u2029' // Line and paragraph end here, too,
            or '\u061C' or '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'); // and these turn the order around.
}
