namespace Gateway.Tests.Support;

/// <summary>The frames of HTTP/2 (RFC 9113, section 6), and one that nobody knows.</summary>
internal enum Http2FrameType : byte
{
    Data = 0,
    Headers = 1,
    Priority = 2,
    RstStream = 3,
    Settings = 4,
    PushPromise = 5,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
    Unknown = 0xEE,
}
