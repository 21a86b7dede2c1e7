namespace Gateway.Transforms.Rpc;

/// <summary>The text of <c>grpc-message</c>, which is UTF-8 in percent encoding, made fit for a log line.</summary>
internal static class GrpcMessage
{
    private const int MaxLength = 200;

    /// <summary>A character of UTF-16 takes three bytes at most, and each byte three characters of the header.</summary>
    private const int MaxEncoded = (MaxLength + 1) * 9;

    /// <summary>
    /// Decodes it, as far as it is encoded well; what is not stays as it is. Cuts it, because a sub-service may quote a whole request, and
    /// takes out the characters that forge lines.
    /// </summary>
    public static string Decode(string encoded)
    {
        var text = Uri.UnescapeDataString(encoded.AsSpan(0, Math.Min(encoded.Length, MaxEncoded)));
        var length = text.Length <= MaxLength ? text.Length
            : char.IsHighSurrogate(text[MaxLength - 1]) ? MaxLength - 1
            : MaxLength;
        return string.Create(length + (length < text.Length ? 1 : 0), (text, length), static (line, source) =>
        {
            line[^1..].Fill('…');
            for (var i = 0; i < source.length; i++)
            {
                line[i] = ForgesLines(source.text[i]) ? '\uFFFD' : source.text[i];
            }
        });
    }

    private static bool ForgesLines(char character) => char.IsControl(character) || character is '\u2028' or '\u2029';
}
