using System.Globalization;

namespace Gateway.Transforms.Rpc;

/// <summary>The header grpc-timeout: at most eight digits and a unit. Source: the gRPC HTTP/2 protocol, "Timeout".</summary>
internal static class GrpcTimeout
{
    private const long MostDigits = 99_999_999;

    /// <summary>In milliseconds, rounded up; never below one, because a sub-service may read zero as "none".</summary>
    public static string Format(TimeSpan timeout)
    {
        var milliseconds = Math.Clamp((long)Math.Ceiling(timeout.TotalMilliseconds), 1, MostDigits);
        return milliseconds.ToString(CultureInfo.InvariantCulture) + 'm';
    }
}
