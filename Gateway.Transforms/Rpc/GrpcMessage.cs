namespace Gateway.Transforms.Rpc;

/// <summary>The text of <c>grpc-message</c>, which is UTF-8 in percent encoding.</summary>
internal static class GrpcMessage
{
    private const int MaxLength = 200;

    /// <summary>A character of UTF-16 takes three bytes at most, and each byte three characters of the header.</summary>
    private const int MaxEncoded = (MaxLength + 1) * 9;

    /// <summary>
    /// Decodes it, as far as it is encoded well; what is not stays as it is. Cuts it, because a sub-service may quote a whole request.
    /// </summary>
    public static string Decode(string encoded)
    {
        var text = Uri.UnescapeDataString(encoded.AsSpan(0, Math.Min(encoded.Length, MaxEncoded)));
        return text.Length <= MaxLength ? text : $"{text.AsSpan(0, char.IsHighSurrogate(text[MaxLength - 1]) ? MaxLength - 1 : MaxLength)}…";
    }
}
