using System.Globalization;

namespace Gateway.Transforms.Rpc;

/// <summary>The header grpc-timeout: at most eight digits and a unit. Source: the gRPC HTTP/2 protocol, "Timeout".</summary>
internal static class GrpcTimeout
{
    private const int MostDigits = 99_999_999;

    /// <summary>So many bytes it may take.</summary>
    public const int MaxLength = 9;

    /// <summary>In milliseconds, rounded up; never below one, because a sub-service may read zero as "none".</summary>
    /// <returns>How many bytes were written.</returns>
    public static int Format(TimeSpan timeout, Span<byte> text)
    {
        Milliseconds(timeout).TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        text[length] = (byte)'m';
        return length + 1;
    }

    /// <summary>The same number alone.</summary>
    public static int Milliseconds(TimeSpan timeout) => (int)Math.Clamp((long)Math.Ceiling(timeout.TotalMilliseconds), 1, MostDigits);
}
