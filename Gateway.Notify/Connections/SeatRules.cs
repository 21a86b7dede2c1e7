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

    /// <summary>Whether a node's own limit lets a newcomer in, apart from the device policy.</summary>
    public bool HasRoom(IReadOnlyList<NotifyConnection> seated, NotifyConnection newcomer, string predecessor, int limit) =>
        KicksOldest || seated.Count(old => !IsPredecessor(old, newcomer, predecessor)) < limit;

    /// <summary>The connections, of those seated, oldest first, that have to make room for a newcomer; null when no room can be made.</summary>
    public IReadOnlyList<NotifyConnection>? MakeRoom(IReadOnlyList<NotifyConnection> seated, NotifyConnection newcomer, string predecessor)
    {
        var leaving = seated.Where(old => IsPredecessor(old, newcomer, predecessor)).ToList();
        var surplus = Max == 0 ? 0 : seated.Count - leaving.Count - Max + 1;
        if (surplus > 0)
        {
            if (!KicksOldest)
            {
                return null;
            }

            leaving.AddRange(seated.Except(leaving).Take(surplus).ToArray());
        }

        return leaving;
    }

    private bool IsPredecessor(NotifyConnection old, NotifyConnection newcomer, string predecessor) =>
        old.Id == predecessor || (ReplacesOwnSession && old.SessionId == newcomer.SessionId);
}
