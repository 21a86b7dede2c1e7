namespace Gateway.Transforms.Rpc;

/// <summary>The text of <c>grpc-message</c>, which is UTF-8 in percent encoding.</summary>
internal static class GrpcMessage
{
    public const int MaxLength = 200;

    /// <summary>A character of UTF-16 takes three bytes at most, and each byte three characters of the header.</summary>
    private const int MaxEncoded = (MaxLength + 1) * 9;

    /// <summary>
    /// Decodes it, as far as it is encoded well; what is not stays as it is. Cuts it, because a sub-service may quote a whole request.
    /// </summary>
    public static string Decode(string encoded) => Cut(Uri.UnescapeDataString(encoded.AsSpan(0, Math.Min(encoded.Length, MaxEncoded))));

    /// <summary>The same of a text that is not encoded.</summary>
    public static string Cut(string text) =>
        text.Length <= MaxLength ? text : $"{text.AsSpan(0, char.IsHighSurrogate(text[MaxLength - 1]) ? MaxLength - 1 : MaxLength)}…";
}
