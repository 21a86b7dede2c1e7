namespace Gateway.Proxy.Routing;

/// <summary>Whether the routes in use are those that the operator wrote last.</summary>
internal sealed class RouteStatus
{
    private RouteReload? _last;

    /// <summary>Null until the gateway has routes.</summary>
    public RouteReload? Last => Volatile.Read(ref _last);

    public void Report(RouteReload reload) => Volatile.Write(ref _last, reload);
}

/// <summary>What became of the last change of the routes.</summary>
/// <param name="Result">How it ended.</param>
/// <param name="At">When.</param>
/// <param name="Revision">The revision of the routes in use, whatever the result.</param>
/// <param name="AppliedAt">Since when these are in use.</param>
/// <param name="Errors">Why the change was refused, a sentence each.</param>
/// <param name="WaitForRestart">Settings in the route files that have changed since the start and are read there alone.</param>
internal sealed record RouteReload(
    RouteReloadResult Result,
    DateTimeOffset At,
    string Revision,
    DateTimeOffset AppliedAt,
    IReadOnlyList<string> Errors,
    IReadOnlyList<string> WaitForRestart)
{
    /// <summary>One line for people.</summary>
    public string Message => Result == RouteReloadResult.Refused
        ? $"The last change of the routes was refused, those of revision {Revision} stay in use: {string.Join(' ', Errors)}"
        : $"The routes of revision {Revision} are in use.";
}

/// <summary>How a change of the routes ended. The names, in lower case, are those of the metric.</summary>
internal enum RouteReloadResult
{
    /// <summary>The new routes are in use.</summary>
    Applied,

    /// <summary>There is a mistake; the old routes stay in use.</summary>
    Refused,

    /// <summary>The files were read again, and say the same.</summary>
    Unchanged,
}
