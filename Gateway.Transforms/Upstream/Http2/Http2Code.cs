namespace Gateway.Transforms.Upstream.Http2;

/// <summary>Why a stream or a connection ends: RFC 9113, section 7.</summary>
internal static class Http2Code
{
    public const int None = 0;
    public const int Protocol = 1;
    public const int Internal = 2;
    public const int FlowControl = 3;
    public const int FrameSize = 6;
    public const int RefusedStream = 7;
    public const int Cancel = 8;
    public const int Compression = 9;
    public const int EnhanceYourCalm = 11;

    private static readonly string[] Names =
    [
        "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
        "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
    ];

    /// <summary>As people read it in a log.</summary>
    public static string NameOf(uint code) => code < Names.Length ? Names[code] : $"error {code}";
}
