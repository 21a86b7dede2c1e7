namespace Gateway.Notify.Connections;

/// <summary>A device policy in numbers: who makes room for a newcomer. The same rules hold within a node and across nodes.</summary>
/// <param name="Max">The most sockets of a user; 0 for no limit.</param>
/// <param name="ReplacesOwnSession">A newcomer takes the place of the sockets with its own session.</param>
/// <param name="KicksOldest">The oldest make room; otherwise the newcomer is refused.</param>
internal sealed record SeatRules(int Max, bool ReplacesOwnSession, bool KicksOldest)
{
    public static SeatRules Of(NotifyOptions options) => options.Devices switch
    {
        DevicePolicy.All => new(0, false, false),
        DevicePolicy.OnePerUser => new(1, true, true),
        DevicePolicy.KickOldest => new(Math.Min(options.MaxDevices, options.MaxConnectionsPerUser), true, true),
        _ => new(options.MaxDevices, true, false),
    };
}
