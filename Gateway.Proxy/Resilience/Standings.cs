using Gateway.Proxy.Destinations;
using Gateway.Proxy.Resilience.Ejection;
using Gateway.Transforms.Upstream;
using Gateway.Transforms.Verdicts;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxy.Resilience;

/// <summary>Says how destinations are. All that operators read of that is said here: administration, page, metrics and readiness.</summary>
internal sealed class Standings(DrainedDestinations drained, InstanceRecords records, Reachability reachability)
{
    /// <summary>One failure is no news. Each further one without an answer between is.</summary>
    private const int TellingFailures = 2;

    public IReadOnlyList<Standing> Of(ClusterState cluster)
    {
        var destinations = cluster.DestinationsState;
        var available = destinations.AvailableDestinations.ToHashSet();
        return [.. destinations.AllDestinations.Select(destination => Of(cluster, destination, available.Contains(destination)))];
    }

    private Standing Of(ClusterState cluster, DestinationState destination, bool isAvailable)
    {
        if (drained.Contains(cluster.ClusterId, destination.DestinationId))
        {
            return new Standing(destination, StandingKind.Drained, IsUsed: false, IsSpared: false, Until: null, "an operator has taken it out");
        }

        var record = records.Of(destination);
        var isSpared = isAvailable && HealthyWithinLimit.IsUnhealthy(cluster.Model.Config, destination);
        var until = isAvailable ? null : record.OutUntil;
        var (kind, reason) = Judge(destination, record, isAvailable, isSpared);
        return kind == StandingKind.Available
            ? new Standing(destination, kind, isAvailable, IsSpared: false, Until: null, Reason: null)
            : new Standing(destination, kind, isAvailable, isSpared, until, isSpared ? $"{reason}; used all the same, because most of the cluster fails" : reason);
    }

    private (StandingKind Kind, string? Reason) Judge(DestinationState destination, InstanceRecord record, bool isAvailable, bool isSpared)
    {
        var unanswered = record.Unanswered;
        var isTelling = unanswered.Count >= TellingFailures;
        if (reachability.IsKnown(destination, out var problem) ? problem is not null : isTelling && unanswered.Last == VerdictKind.Unreachable)
        {
            return (StandingKind.Unreachable, problem is null ? "no connection to it" : $"no connection: {problem}");
        }

        if (isTelling)
        {
            return (StandingKind.Failing, $"its last {unanswered.Count} calls failed, the newest {Word(unanswered.Last)}");
        }

        if (destination.Health.Active == DestinationHealth.Unhealthy && (!isAvailable || isSpared))
        {
            return (StandingKind.Failing, "its health check fails");
        }

        // One that is out and used all the same may have recovered before its time is over.
        return !isAvailable || (isSpared && (unanswered.Count > 0 || record.FailsOften))
            ? (StandingKind.Failing, "too many of its calls failed")
            : (StandingKind.Available, null);
    }

    private static string Word(VerdictKind failure) => failure switch
    {
        VerdictKind.Unreachable => "refused unread",
        VerdictKind.Unavailable => "as it says that it cannot serve",
        VerdictKind.Broken => "as its connection broke",
        VerdictKind.Garbled => "as what it sent is no answer",
        _ => "without an answer in time",
    };
}

/// <summary>How a destination is, in one word that is true.</summary>
internal enum StandingKind
{
    /// <summary>Nothing speaks against it.</summary>
    Available,

    /// <summary>Calls to it fail.</summary>
    Failing,

    /// <summary>It cannot be connected to.</summary>
    Unreachable,

    /// <summary>An operator has taken it out.</summary>
    Drained,
}

/// <param name="Destination">The destination.</param>
/// <param name="Kind">How it is.</param>
/// <param name="IsUsed">It gets calls.</param>
/// <param name="IsSpared">It would be out, and gets calls because most of its cluster would be.</param>
/// <param name="Until">When it gets calls again; null when it is not out, or nobody knows.</param>
/// <param name="Reason">Why it is not available, for people; null when it is.</param>
internal sealed record Standing(DestinationState Destination, StandingKind Kind, bool IsUsed, bool IsSpared, DateTimeOffset? Until, string? Reason)
{
    public string Word => Kind.ToString().ToLowerInvariant();
}
