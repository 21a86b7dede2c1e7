using System.Text;
using Google.Protobuf;

namespace Gateway.Proxy.Discovery;

/// <summary>Bytes that others wrote, made fit for a log line: bounded, and without characters that forge lines.</summary>
internal static class Printable
{
    private const int MaxBytes = 128;

    public static string Text(ByteString bytes)
    {
        var text = new StringBuilder(Encoding.UTF8.GetString(bytes.Span[..Math.Min(bytes.Length, MaxBytes)]));
        for (var i = 0; i < text.Length; i++)
        {
            text[i] = char.IsControl(text[i]) || text[i] is '\u2028' or '\u2029' ? '\uFFFD' : text[i];
        }

        return bytes.Length > MaxBytes ? text.Append('…').ToString() : text.ToString();
    }
}
